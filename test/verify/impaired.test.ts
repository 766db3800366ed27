/** Checks of a lab with impairments: what proves them, and what they change of other checks. */
import { describe, expect, it } from "vitest";
import { planLab } from "../../plan/plan";
import type { LabOutput } from "../../plan/contract";
import type { Check, Evidence, Verdict } from "../../verify/check";
import { crossingOf, leastTrip, arrivalShare } from "../../verify/crossed";
import type { PortFacts } from "../../verify/evidence/facts";
import { parsePing } from "../../verify/evidence/pings";
import type { PingFacts } from "../../verify/evidence/pings";
import { parseProbe } from "../../verify/evidence/probe";
import { buildChecks } from "../../verify/registry";
import { twoSegments } from "../cli/fixture";
import { referenceWith } from "../plan/reference";
import { factsOf, good } from "./evidence";
import { labOf } from "../cli/fixture";

const lab = (impairments: object, more: object = {}): LabOutput =>
  labOf(referenceWith({ ...more, impairments }));
const between = (more: object) => ({ slow: { between: ["kvm1", "kvm2"], ...more } });
const named = (of: LabOutput, name: string): Check | undefined =>
  buildChecks(of).find((check) => check.name === name);

/** The verdict of a check with other facts of a ping. */
function verdict(of: LabOutput, name: string, ping?: Partial<PingFacts>, facts: object = {}): Verdict {
  const check = named(of, name);
  if (check === undefined) throw new Error(`no ${name}`);
  const all = good(of);
  const pings = new Map(all.pings);
  if (check.ping !== undefined && ping !== undefined)
    pings.set(check.ping.name, { fate: "answered", ms: 3, ...ping });
  const host = all.hosts.get(check.host);
  if (host === undefined || !("facts" in host)) throw new Error(check.host);
  const evidence: Evidence = { ...all, pings };
  return check.judge({ ...host.facts, ...facts }, evidence);
}

const c1c2 = { from: "c1", nic: "eth0", to: "10.0.3.11" };

describe("what a ping crosses", () => {
  it("is both ways of a path, and both ends", () => {
    const all = {
      ...between({ delay: "40ms", jitter: "5ms", direction: "out" }),
      far: { container: "c2", delay: "10ms", loss: "50%" },
    };
    const crossing = crossingOf(lab(all), c1c2);
    expect([crossing.there.map(({ name }) => name), crossing.back.map(({ name }) => name)]).toEqual([
      ["slow", "far"],
      ["far"],
    ]);
    expect([leastTrip(crossing), arrivalShare([...crossing.there, ...crossing.back])]).toEqual([
      55_000, 0.25,
    ]);
  });

  it("is the impairment of its segment before that of all", () => {
    const all = {
      ...between({ delay: "40ms" }),
      red: { between: ["kvm2", "kvm1"], segment: "red", delay: "10ms" },
    };
    expect(leastTrip(crossingOf(lab(all), c1c2))).toBe(20_000);
  });

  it("is nothing between other hosts, or in another segment", () => {
    const two = twoSegments();
    const [one] = planLab(referenceWith({ impairments: between({ delay: "40ms" }) }), {
      lab: "x",
    }).impairments;
    if (one === undefined) throw new Error("none");
    const blue = { ...two, impairments: [{ ...one, segment: "another" }] };
    const [box] = two.containers;
    const [to] = two.containers.filter(({ host }) => host !== box?.host);
    const address = to?.interfaces[0]?.addresses[0]?.split("/")[0] ?? "";
    expect(crossingOf(blue, { from: box?.name ?? "", nic: "eth0", to: address }).there).toEqual([]);
  });
});

describe("an impairment is proven", () => {
  it("by the shortest round trip: less than the sum of delays fails", () => {
    const slow = lab(between({ delay: "50ms" }));
    expect(verdict(slow, "delay/slow", { least: 100.2 })).toEqual({ ok: true, got: "100.2 ms at least" });
    expect(verdict(slow, "delay/slow", { least: 51 }).ok).toBe(false);
    expect(verdict(slow, "delay/slow", { fate: "no answer" })).toEqual({ ok: false, got: "no answer" });
  });

  it.each([
    ["as planned", 990, 10, true],
    ["none of a thousand", 1000, 0, false],
    ["half of them", 500, 500, false],
    ["too few to tell", 10, 0, true],
  ])("by lost packets: %s", (_, sent, lost, ok) => {
    const queues = new Map([["i-slow", { sent, lost }]]);
    expect(
      verdict(lab(between({ loss: "1%" })), "impairment/slow/kvm1/i-slow", undefined, { queues }).ok,
    ).toBe(
      // 5 standard deviations and 3 packets: 1 % of 1000 can be 0 by chance.
      sent === 1000 && lost === 0 ? true : ok,
    );
    const half = lab(between({ loss: "50%" }));
    expect(verdict(half, "impairment/slow/kvm1/i-slow", undefined, { queues }).ok).toBe(
      sent === lost || sent < 20,
    );
  });

  const answers = (times: readonly number[], order?: readonly number[]) => ({
    answers: times.map((ms, index) => ({ seq: order?.[index] ?? index + 1, ms })),
  });
  const even = (low: number, high: number, count = 60) =>
    Array.from({ length: count }, (_, i) => low + ((high - low) * ((i * 7) % count)) / count);

  it.each<[string, object, Partial<PingFacts>, boolean, string]>([
    ["jitter", { delay: "50ms", jitter: "40ms" }, answers(even(30, 170)), true, "60 of 60 answered"],
    ["no jitter", { delay: "50ms", jitter: "40ms" }, answers(even(98, 104)), false, "differ by only 5.9 ms"],
    ["a rate", { rate: "1mbit" }, answers(even(3, 127)), true, "60 of 60"],
    ["no rate", { rate: "1mbit" }, answers(even(3, 20)), false, "took 19.716"],
    ["a rate that is too fast to tell", { rate: "1gbit" }, answers(even(1, 2)), true, "60 of 60"],
    ["copies", { duplicate: "20%" }, { ...answers(even(2, 5)), duplicates: 12 }, true, "12 twice"],
    ["no copies", { duplicate: "20%" }, answers(even(2, 5)), false, "no answer came twice"],
    ["copies that are too few to tell", { duplicate: "1%" }, answers(even(2, 5)), true, "0 twice"],
    [
      "overtaking",
      { delay: "50ms", reorder: "40%" },
      answers(even(2, 100, 6).concat(even(3, 4, 20)), [
        3,
        1,
        2,
        6,
        4,
        5,
        ...Array.from({ length: 20 }, (_, i) => i + 7),
      ]),
      true,
      "4 overtaken",
    ],
    ["no overtaking", { delay: "50ms", reorder: "40%" }, answers(even(99, 101)), false, "no answer overtook"],
    [
      "overtaking that is too rare to tell",
      { delay: "50ms", reorder: "5%" },
      answers(even(2, 100)),
      true,
      "0 overtaken",
    ],
    ["too few answers", { delay: "9ms", jitter: "9ms" }, answers(even(9, 9, 11)), true, "too few to tell"],
    ["none", { delay: "9ms", jitter: "9ms" }, { fate: "no answer" }, false, "0 of 60 answered"],
  ])("by a burst of echo requests: %s", (_, effects, ping, ok, got) => {
    const found = verdict(lab(between(effects)), "effect/slow", ping);
    expect([found.ok, found.got]).toEqual([ok, expect.stringContaining(got)]);
  });

  it("by no burst where there is only delay and loss, or where it would take minutes", () => {
    expect(named(lab(between({ delay: "50ms", loss: "1%" })), "effect/slow")).toBeUndefined();
    expect(named(lab(between({ rate: "2kbit" })), "effect/slow")).toBeUndefined();
    // 126 720 bits, and what every path takes.
    expect(named(lab(between({ rate: "10kbit" })), "effect/slow")?.ping?.patience).toBeGreaterThanOrEqual(13);
  });

  it("reads the answers in their order, and copies apart", () => {
    const line = (seq: number, ms: number, more = "") =>
      `536 bytes from x: icmp_seq=${seq} ttl=64 time=${ms} ms${more}`;
    const text = [
      ...[line(2, 5), line(1, 9), line(1, 9.5, " (DUP!)"), line(3, 4), line(4, 4), line(5, 4), line(6, 4)],
      "60 packets transmitted, 6 received, +1 duplicates, 90% packet loss, time 3000ms",
    ].join("\n");
    const { answers: order, duplicates } = parsePing(text);
    expect(order?.map(({ seq }) => seq)).toEqual([2, 1, 3, 4, 5, 6]);
    expect([duplicates, order?.[0]?.ms]).toEqual([1, 5]);
  });

  it("and fails where there is no queue", () => {
    const none = { queues: new Map() };
    expect(verdict(lab(between({ loss: "1%" })), "impairment/slow/kvm2/i-slow", undefined, none).ok).toBe(
      false,
    );
  });

  it("reads counters as hosts tell them", () => {
    const { queues, trouble } = parseProbe(
      "== queue i-slow\ncounted 12 3\n\n== queue i-far\nCannot find device\n",
    );
    expect([queues, trouble.get("queue i-far")]).toEqual([
      new Map([["i-slow", { sent: 12, lost: 3 }]]),
      "Cannot find device",
    ]);
  });
});

describe("other checks", () => {
  it("wait longer on a lossy and slow path", () => {
    const { ping } = named(lab(between({ delay: "1s", loss: "20%" })), "ping/c1/c2") ?? {};
    // Twice the round trip, and four seconds for each ping that is lost to one that is not.
    expect(ping?.patience).toBe(7);
    expect(named(lab({}), "ping/c1/c2")?.ping?.patience).toBeUndefined();
  });

  it("take copies for no loop where an impairment makes them, and only there", () => {
    expect(verdict(lab(between({ duplicate: "5%" })), "ping/c1/c2", { duplicates: 1 }).ok).toBe(true);
    expect(verdict(lab(between({ loss: "5%" })), "ping/c1/c2", { duplicates: 1 }).ok).toBe(false);
  });

  it("want no answer over a path that is cut, and fail with one", () => {
    const cut = lab(between({ loss: "100%", direction: "out" }));
    expect(verdict(cut, "ping/c1/c2", { fate: "no answer" })).toEqual({
      ok: true,
      got: "no answer (impairment slow)",
    });
    expect(verdict(cut, "ping/c2/c1", { fate: "answered" }).ok).toBe(false);
    const names = buildChecks(cut).map(({ name }) => name);
    // What leaves kvm2 arrives at kvm1.
    expect(names.filter((name) => /^(mtu|wire)/.test(name))).toEqual([
      "mtu/c1/c2/1451",
      "mtu/c2/c1/1451",
      "wire/c2/c1",
    ]);
  });

  it("are left out where most packets are lost: neither verdict would be true", () => {
    const names = buildChecks(lab(between({ loss: "60%" }))).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith("ping"))).toEqual([]);
    expect(names).toContain("impairment/slow/kvm1/i-slow");
  });

  it.each([
    [
      "a tunnel that BFD says is down",
      {},
      { bfd: "down (Control Detection Time Expired)" },
      "BFD is down (Control Detection Time Expired): kvm2 ",
    ],
    ["a tunnel that is not probed", {}, { bfd: undefined }, "BFD is off"],
    [
      "no tunnel of a way that loses packets on purpose",
      between({ loss: "10%" }),
      { bfd: "down" },
      undefined,
    ],
    [
      "a tunnel of a way that is slow on purpose",
      between({ delay: "10ms" }),
      { bfd: "down" },
      "BFD is down: kvm2 ",
    ],
    ["no tunnel that is up", {}, {}, undefined],
  ])("name %s", (_, impairments, change, got) => {
    const of = lab(impairments, { segments: { red: { bfd: true } } });
    const ports = new Map(factsOf(of, "kvm1").ports);
    const [tunnel = ""] = [...ports.keys()].filter((name) => /^vx\d/.test(name));
    ports.set(tunnel, { ...(ports.get(tunnel) as PortFacts), ...change });
    const found = verdict(of, `tunnel/kvm1/${tunnel}`, undefined, { ports });
    expect(found.ok).toBe(got === undefined);
    expect(found.got).toContain(got ?? "ofport");
  });

  it("are the same in a lab without impairments", () => {
    expect(buildChecks(lab({})).map(({ name }) => name)).not.toContainEqual(
      expect.stringMatching(/impair|delay/),
    );
  });
});
