/** What failed is asked again, alone; and which way of a pair is cut. */
import { describe, expect, it } from "vitest";
import { askAgain } from "../../verify/again";
import type { Ask } from "../../verify/ask";
import { captureAllArguments } from "../../verify/evidence/wire";
import { buildChecks } from "../../verify/registry";
import type { Evidence } from "../../verify/check";
import type { PortFacts } from "../../verify/evidence/facts";
import type { PingFacts } from "../../verify/evidence/pings";
import { hostsAtOnce, inTurn, pingsAtOnce } from "../../verify/pace";
import { parseSightings, cutText } from "../../verify/sightings";
import { hostsThat, said } from "./asked";
import { factsOf, good } from "./evidence";
import { meshOf, referenceLab, twoSegments } from "../cli/fixture";

const ANSWERED = "1 packets transmitted, 1 received\ntime=2.0 ms";
const SILENT = "2 packets transmitted, 0 received, 100% packet loss";

/** Hosts on which `ping` says this, by the name of the check, and tcpdump that. */
function hostsWith(says: (name: string) => string, hears: Record<string, string> = {}, takes = 0) {
  const asked: string[] = [];
  const ask = hostsThat({
    ask(_, command) {
      const words = command.split(" vxlab ").at(-1)?.split(" ") ?? [];
      const name = words[1] ?? "";
      asked.push(`${name} lanes ${words[0]}`);
      return said(`== ping ${name}\n${says(name)}\n`);
    },
    hears,
    takes,
  });
  return { asked, ask };
}

const lab = referenceLab();
const checks = buildChecks(lab);
const failing = (failed: Record<string, PingFacts>): Evidence => {
  const evidence = good(lab);
  return { ...evidence, pings: new Map([...evidence.pings, ...Object.entries(failed)]) };
};
const NONE: PingFacts = { fate: "no answer" };

async function results(ask: Ask, evidence: Evidence, of = lab, all = checks) {
  return (await askAgain(ask, of, all, evidence))
    .filter(({ ok, got }) => !ok || /try/.test(got))
    .map(({ name, ok, got }) => `${name} ${ok}: ${got}`);
}

describe("asking again", () => {
  it("asks nobody when all is well", async () => {
    const { asked, ask } = hostsWith(() => ANSWERED);
    expect(await results(ask, good(lab))).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("takes an answer at the second try, and says so; one at a time, and only what failed", async () => {
    const { asked, ask } = hostsWith(() => ANSWERED);
    const evidence = failing({ "ping/c1/c2": NONE, "mtu/c2/c1/1450": { fate: "no answer" } });
    expect(await results(ask, evidence)).toEqual([
      "ping/c1/c2 true: answered in 2 ms on the second try",
      "mtu/c2/c1/1450 true: answered in 2 ms on the second try",
    ]);
    expect(asked).toEqual(["ping/c1/c2 lanes 1", "mtu/c2/c1/1450 lanes 1"]);
  });

  it("leaves a failure one, with the way that is cut; what follows from it is not asked", async () => {
    const vxlan = (way: string, dst: string, inner: string) =>
      `05:43:00.363406 eth0  ${way} IP 192.168.10.1.5 > ${dst}.4789: VXLAN, flags [I] (0x08), vni 100\n${inner}\n`;
    const { asked, ask } = hostsWith(() => SILENT, {
      kvm1: vxlan(
        "Out",
        "192.168.10.222",
        "IP 10.0.3.10 > 10.0.3.11: ICMP echo request, id 4, seq 0, length 64",
      ),
      kvm2: "",
    });
    const evidence = failing({ "ping/c1/c2": NONE, "mtu/c1/c2/1450": NONE });
    const cut = "requests leave kvm1 and do not reach kvm2: the path from kvm1 to kvm2 is cut";
    expect(await results(ask, evidence)).toEqual([
      `ping/c1/c2 false: tried twice: no answer: ${cut}`,
      `mtu/c1/c2/1450 false: lost without an error (same cause as ping/c1/c2: ${cut})`,
    ]);
    expect(asked).toEqual(["ping/c1/c2 lanes 1"]);
  });

  it("takes no container that is silent for a cut between its host and another", async () => {
    const two = meshOf(2, 4);
    const evidence = good(two);
    const red = ["ping/c00/c01", "ping/c00/c03"];
    const pings = new Map([...evidence.pings, ...red.map((name) => [name, NONE] as const)]);
    const { asked, ask } = hostsWith((name) => (name === "ping/c00/c01" ? SILENT : ANSWERED));
    const found = await results(ask, { ...evidence, pings }, two, buildChecks(two));
    expect(asked).toEqual(red.map((name) => `${name} lanes 1`));
    expect(found).toEqual([
      "ping/c00/c01 false: tried twice: no answer: no request leaves h00",
      "ping/c00/c03 true: answered in 2 ms on the second try",
    ]);
  });

  it("does not ask away what was seen: a leak, a loop", async () => {
    const { asked, ask } = hostsWith(() => SILENT);
    const loop: PingFacts = { fate: "answered", ms: 1, duplicates: 2 };
    const red = await results(ask, failing({ "ping/c1/c2": loop }));
    expect(red).toHaveLength(1);
    const two = twoSegments();
    const leak: PingFacts = { fate: "no answer", neighbour: "02:00:00:00:00:01" };
    const evidence = good(two);
    const pings = new Map([...evidence.pings, ["isolation/c1/d1", leak] as const]);
    expect(await results(ask, { ...evidence, pings }, two, buildChecks(two))).toEqual([
      "isolation/c1/d1 false: 02:00:00:00:00:01 answers",
    ]);
    expect(asked).toEqual([]);
  });

  it("ends in bounded time, however much fails", async () => {
    const large = meshOf(8, 40);
    const all = buildChecks(large);
    const evidence = good(large);
    const pings = new Map([...evidence.pings].map(([name]) => [name, NONE] as const));
    const { asked, ask } = hostsWith(() => SILENT, {}, 9_000);
    const red = await results(ask, { ...evidence, pings }, large, all);
    expect(asked.length).toBeLessThan(10);
    expect(
      red.filter((line) => line.includes("(not tried again: too many checks failed)")).length,
    ).toBeGreaterThan(100);
  });

  it("asks across a tunnel that has sent while the other end has received nothing", async () => {
    const withPackets = (host: string, port: string, packets: PortFacts["packets"]) => {
      const facts = factsOf(lab, host);
      const old = facts.ports?.get(port);
      if (old === undefined || packets === undefined) throw new Error(port);
      return { facts: { ...facts, ports: new Map([...(facts.ports ?? []), [port, { ...old, packets }]]) } };
    };
    const evidence = good(lab);
    const hosts = new Map([
      ["kvm1", withPackets("kvm1", "vx100-c0a80ade", { in: 3, out: 9 })],
      ["kvm2", withPackets("kvm2", "vx100-c0a80a9c", { in: 0, out: 3 })],
    ]);
    const still = checks.filter(({ kind }) => kind === "tunnel");
    const well = hostsWith(() => ANSWERED);
    expect(await results(well.ask, { ...evidence, hosts }, lab, still)).toEqual([]);
    expect(well.asked).toEqual(["across/kvm1/vx100-c0a80ade lanes 1"]);
    const cut = hostsWith(() => SILENT);
    expect(await results(cut.ask, { ...evidence, hosts }, lab, still)).toEqual([
      "tunnel/kvm1/vx100-c0a80ade false: packets are sent, kvm2 receives none: c1 gets no answer from 10.0.3.11: no request leaves kvm1",
    ]);
  });
});

describe("which way is cut", () => {
  /** As tcpdump 4.99 printed it on kvm1 and kvm2, c1 asking 10.0.3.11. */
  const request = "IP 10.0.3.10 > 10.0.3.11: ICMP echo request, id 4, seq 0, length 64";
  const answer = "IP 10.0.3.11 > 10.0.3.10: ICMP echo reply, id 4, seq 0, length 64";
  const outer = (way: string, inner: string) =>
    `05:43:00.375256 eth0  ${way} IP 192.168.10.156.34856 > 192.168.10.222.4789: VXLAN, flags [I] (0x08), vni 100\n${inner}`;
  const taken = (inner: string) => `05:43:00.660739 vxlan_sys_4789 P   ${inner}`;
  const sent = (inner: string) => `05:43:00.374246 vxlan_sys_4789 Out ${inner}`;
  const way = (kvm1: string[], kvm2: string[], to = "10.0.3.11") =>
    cutText(
      { from: "kvm1", to: "kvm2" },
      parseSightings(kvm1.join("\n"), to),
      parseSightings(kvm2.join("\n"), to),
    );

  it.each<[string, string[], string[], string]>([
    ["nothing is sent", [], [], "no request leaves kvm1"],
    [
      "dropped before kvm2",
      [sent(request), outer("Out", request)],
      [],
      "requests leave kvm1 and do not reach kvm2: the path from kvm1 to kvm2 is cut",
    ],
    [
      "dropped by kvm2",
      [outer("Out", request)],
      [outer("In", request)],
      "requests reach kvm2, which drops them: the path from kvm1 to kvm2 is cut at kvm2",
    ],
    [
      "the container is silent",
      [outer("Out", request)],
      [outer("In", request), taken(request)],
      "requests reach kvm2, and nothing replies there",
    ],
    [
      "dropped on the way back",
      [outer("Out", request)],
      [outer("In", request), taken(request), sent(answer), outer("Out", answer)],
      "requests reach kvm2, replies do not reach kvm1: the path from kvm2 to kvm1 is cut",
    ],
    [
      "dropped by kvm1 on the way back",
      [outer("Out", request), outer("In", answer)],
      [outer("In", request), taken(request), outer("Out", answer)],
      "requests reach kvm2 and replies reach kvm1, which drops them: the path from kvm2 to kvm1 is cut at kvm1",
    ],
    [
      "lost between kvm1 and its container",
      [outer("In", answer), taken(answer)],
      [outer("Out", answer)],
      "requests reach kvm2 and replies reach kvm1, which does not forward them",
    ],
    [
      "as early as by ARP",
      [outer("Out", "ARP, Request who-has 10.0.3.11 tell 10.0.3.10, length 28")],
      [
        outer("In", "ARP, Request who-has 10.0.3.11 tell 10.0.3.10, length 28"),
        outer("Out", "ARP, Reply 10.0.3.11 is-at 02:0f:b1:3b:63:43, length 28"),
      ],
      "requests reach kvm2, replies do not reach kvm1: the path from kvm2 to kvm1 is cut",
    ],
    [
      "another address's packets say nothing",
      [outer("Out", request.replace("10.0.3.11", "10.0.3.12"))],
      [outer("Out", answer.replace("10.0.3.11", "10.0.3.1"))],
      "no request leaves kvm1",
    ],
  ])("%s", (_, kvm1, kvm2, text) => {
    expect(way(kvm1, kvm2)).toBe(text);
  });

  it("is known with IPv6", () => {
    const solicitation =
      "IP6 fe80::1 > ff02::1:ff00:11: ICMP6, neighbor solicitation, who has fd00:3::11, length 32";
    const advertisement =
      "IP6 fd00:3::11 > fe80::1: ICMP6, neighbor advertisement, tgt is fd00:3::11, length 32";
    expect(
      way(
        [outer("Out", solicitation)],
        [outer("In", solicitation), outer("Out", advertisement)],
        "fd00:3::11",
      ),
    ).toContain("the path from kvm2 to kvm1 is cut");
    const echo = "IP6 fd00:3::10 > fd00:3::11: ICMP6, echo request, id 1, seq 1, length 64";
    expect(way([outer("Out", echo)], [], "fd00:3::11")).toContain("the path from kvm1 to kvm2 is cut");
  });

  it("listens on every UDP port of the lab", () => {
    expect(captureAllArguments(lab).at(-1)).toBe("arp or icmp or icmp6 or udp dst port 4789");
  });
});

describe("how much runs at once", () => {
  it.each([
    [1, 1, 6],
    [2, 2, 6],
    [5, 2, 2],
    [12, 2, 1],
    [100, 2, 1],
    [2, 16, 12],
    [12, 16, 8],
  ])("%i hosts on %i cores: %i pings on each", (hosts, cores, pings) => {
    expect(pingsAtOnce(hosts, cores)).toBe(pings);
    expect(hostsAtOnce(cores)).toBeGreaterThanOrEqual(8);
  });

  it("is kept to, with the results in order", async () => {
    let now = 0;
    let most = 0;
    const work = async (n: number) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5 - n));
      now--;
      return n * 2;
    };
    expect(await inTurn([0, 1, 2, 3, 4], 2, work)).toEqual([0, 2, 4, 6, 8]);
    expect(most).toBe(2);
  });
});
