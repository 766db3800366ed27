/** verify/checks/chain.ts and verify/chains.ts: what counters of flows say of a chain. */
import { describe, expect, it } from "vitest";
import { cookieOf, ROLE } from "../../components/chain/cookies";
import type { Role } from "../../components/chain/cookies";
import { hostOutput, labOutput } from "../../plan/lab-output";
import { planLab } from "../../plan/plan";
import { referenceWith } from "../plan/reference";
import { countChains, parseCounters, REQUESTS, stationsOf } from "../../verify/chains";
import type { ChainFacts } from "../../verify/check";
import type { Ask } from "../../verify/ask";
import { chain as kind } from "../../verify/checks/chain";
import { buildChecks } from "../../verify/registry";
import { factsOf, good } from "./evidence";

const SIDES = [{ chain: "in" }, { chain: "out" }];
const plan = planLab(
  referenceWith({
    containers: { m1: { host: "kvm1", interfaces: SIDES }, m2: { host: "kvm2", interfaces: SIDES } },
    chains: { x: { from: "c1", to: "c2", through: ["m1", "m2"] } },
  }),
  { lab: "vxlab/dev" },
);
const lab = labOutput(
  plan,
  "00c0ffee",
  plan.hosts.map((host) => hostOutput(host, { hostKey: "" })),
);
const [x] = plan.chains;
if (x === undefined) throw new Error("no chain");
const [check] = kind.of(lab, {});
if (check === undefined) throw new Error("no check");

const whole = (): Map<string, number> => new Map(stationsOf(x).map(({ cookie }) => [cookie, REQUESTS]));
const cookie = (hop: number, role: Role, way: 0 | 1 = 0): string => {
  const at = x.hops[hop];
  if (at === undefined) throw new Error(String(hop));
  return cookieOf(x, at, ROLE[role][way]);
};
const judged = (facts?: Partial<ChainFacts>) => {
  const all: ChainFacts = { sent: REQUESTS, received: REQUESTS, counted: whole(), ...facts };
  return check.judge(factsOf(lab, "kvm1"), { ...good(lab), chains: new Map([["x", all]]) });
};

describe("the check of a chain", () => {
  it("is one of the lab's, after its pings", () => {
    expect(buildChecks(lab).at(-1)?.name).toBe("chain/x");
    expect(check.expected).toBe(
      "5 packets pass c1 → m1 → m2 → c2 in order, and 5 back; none bypasses the chain",
    );
  });

  it("judges what crosses the wire between its ends, in place of the check for a segment's packets", () => {
    const wires = (one: typeof lab) =>
      buildChecks(one).flatMap(({ kind: word, name }) => (word === "wire" ? [name] : []));
    const pairs = ["wire/c1/c2", "wire/c2/c1"];
    expect(wires({ ...lab, chains: [] }).filter((name) => pairs.includes(name)).length).toBeGreaterThan(0);
    expect(wires(lab).filter((name) => pairs.includes(name))).toEqual([]);
  });

  it("passes where every hop counts what was sent, and where others send as well", () => {
    expect(judged()).toEqual({ ok: true, got: "5 packets through c1 → m1 → m2 → c2, 5 back, none past it" });
    expect(judged({ counted: new Map([...whole()].map(([one, n]) => [one, n + 3])) }).ok).toBe(true);
  });

  it.each([
    ["a box that hangs", [[cookie(1, "leaves"), 0]], "m1 takes in 5 and lets out 0"],
    ["a box that hangs on the way back", [[cookie(2, "leaves", 1), 1]], "m2 takes in 5 and lets out 1"],
    ["a tunnel that loses", [[cookie(2, "reaches"), 2]], "m1 lets out 5, and 2 reach m2"],
    ["an end that sends round", [[cookie(0, "leaves"), 0]], "c1 sends 0 of 5"],
    ["a way round", [[cookie(3, "guard"), 4]], "4 packets came by another way, and were dropped"],
    ["a box that is bypassed", [[cookie(1, "passes"), 5]], "m1 is not running, and is bypassed"],
  ] as [string, [string, number][], string][])("names %s", (_, other, words) => {
    const { ok, got } = judged({ counted: new Map([...whole(), ...other]) });
    expect([ok, got]).toEqual([false, words]);
  });

  it("fails without answers, without packets, and where a host is silent", () => {
    expect(judged({ received: 3 }).got).toBe("3 of 5 were answered");
    expect(judged({ sent: 0 }).got).toContain("nothing was sent");
    expect(judged({ counted: undefined }).ok).toBe(false);
    expect(check.judge(factsOf(lab, "kvm1"), good(lab)).ok).toBe(false);
  });
});

describe("counting", () => {
  it("adds up the flows of a cookie", () => {
    const text = ` cookie=0x5f01, duration=1.2s, table=0, n_packets=3, n_bytes=1, priority=180,ip actions=drop
 cookie=0x5f01, duration=1.2s, table=0, n_packets=4, n_bytes=1, priority=180,ipv6 actions=drop
 cookie=0x5f02, duration=1.2s, table=5, n_packets=9, n_bytes=1, actions=output:1`;
    expect([...parseCounters(text)]).toEqual([
      ["0x5f01", 7],
      ["0x5f02", 9],
    ]);
  });

  it("takes the difference, and waits until the switch has collected what it counts", async () => {
    let looks = 0;
    let clock = 0;
    const line = (one: string, n: number) =>
      ` cookie=${one}, table=0, n_packets=${n}, n_bytes=1, actions=drop`;
    const ask = {
      cores: 2,
      now: () => clock,
      pause: (ms: number) => {
        clock += ms;
        return Promise.resolve();
      },
      ask: (_: string, command: string) => {
        if (!command.includes("dump-flows"))
          return Promise.resolve({
            code: 0,
            stdout: "== ping chain/x\n5 packets transmitted, 5 received\n",
            stderr: "",
          });
        looks += 1;
        // Of two hosts: before, right after, and once collected. One host tells all.
        const n = looks <= 4 ? 100 : 105;
        const stdout =
          looks % 2 === 1
            ? stationsOf(x)
                .map(({ cookie: one }) => line(one, n))
                .join("\n")
            : " ";
        return Promise.resolve({ code: 0, stdout, stderr: "" });
      },
      record: () => Promise.resolve(undefined),
    } as unknown as Ask;
    if (check.chain === undefined) throw new Error("no probe");
    const found = await countChains(ask, lab, [check.chain], good(lab).hosts);
    expect(found.get("x")).toMatchObject({ sent: 5, received: 5 });
    expect([...(found.get("x")?.counted?.values() ?? [])].every((n) => n === 5)).toBe(true);
  });
});
