import { describe, expect, it } from "vitest";
import { buildChecks } from "../../verify/registry";
import { judge } from "../../verify/judge";
import type { Evidence } from "../../verify/check";
import type { HostFacts, PortFacts } from "../../verify/evidence/facts";
import type { PingFacts } from "../../verify/evidence/pings";
import type { WirePacket } from "../../verify/evidence/wire";
import type { LabOutput } from "../../plan/contract";
import { Encapsulation } from "../../plan/net/encap";
import { factsOf, good } from "./evidence";
import { encryptedLab, fabricLab, referenceLab, twinSegments, twoSegments } from "../cli/fixture";

function verdict(lab: LabOutput, name: string, evidence: Evidence) {
  const check = buildChecks(lab).find((one) => one.name === name);
  if (check === undefined) throw new Error(`no check ${name}`);
  const { ok, got } = judge(check, evidence);
  return { ok, got };
}

/** The reference lab's evidence with one host's facts changed. */
function changed(host: string, change: (facts: HostFacts) => Partial<HostFacts>): Evidence {
  const lab = referenceLab();
  const evidence = good(lab);
  const facts = factsOf(lab, host);
  const hosts = new Map([...evidence.hosts, [host, { facts: { ...facts, ...change(facts) } }]]);
  return { ...evidence, hosts };
}

const TUNNEL = "tunnel/kvm1/vx100-c0a80ade";
const withTunnel = (change: Partial<PortFacts>): Evidence =>
  changed("kvm1", ({ ports }) => {
    const old = ports?.get("vx100-c0a80ade");
    if (old === undefined) throw new Error("no tunnel in the fixture");
    return { ports: new Map([...(ports ?? []), ["vx100-c0a80ade", { ...old, ...change }]]) };
  });
const withBox = (change: Partial<NonNullable<ReturnType<HostFacts["containers"]["get"]>>>): Evidence =>
  changed("kvm1", ({ containers }) => {
    const old = containers.get("c1");
    if (old === undefined) throw new Error("no container in the fixture");
    return { containers: new Map([["c1", { ...old, ...change }]]) };
  });
const withPing = (name: string, ping?: PingFacts): Evidence => {
  const evidence = good(referenceLab());
  const others = [...evidence.pings].filter(([other]) => other !== name);
  return { ...evidence, pings: new Map([...others, ...(ping === undefined ? [] : [[name, ping] as const])]) };
};
const withWire = (packets: WirePacket[]): Evidence => ({
  ...good(referenceLab()),
  wires: new Map([["kvm2", packets]]),
});
const packet = (change: Partial<WirePacket>): WirePacket => ({
  src: "192.168.10.156",
  dst: "192.168.10.222",
  udpPort: 4789,
  encapsulation: Encapsulation.Vxlan,
  vni: 100,
  inner: { src: "10.0.3.10", dst: "10.0.3.11", what: "request" },
  ...change,
});

describe.each([
  ["the reference lab", referenceLab()],
  ["two segments", twoSegments()],
  ["a fabric", fabricLab()],
  ["an encrypted lab", encryptedLab()],
  ["two segments of one subnet", twinSegments()],
])("%s without a fault", (_, lab) => {
  it("passes every check", () => {
    const results = buildChecks(lab).map((check) => judge(check, good(lab)));
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results.every(({ got, where }) => got !== "" && where.startsWith("./vxlab "))).toBe(true);
  });
});

describe("a ping that looks like another segment's", () => {
  const lab = twinSegments();
  const wire = (vnis: number[]) =>
    verdict(lab, "wire/c1/c2", {
      ...good(lab),
      wires: new Map([["kvm2", vnis.map((vni) => packet({ vni }))]]),
    });
  const right = "192.168.10.156 > 192.168.10.222 UDP 4789 VNI 100";

  it("is told from it by its VNI, and from a third one's", () => {
    expect(wire([200, 100])).toEqual({ ok: true, got: right });
    expect(wire([200])).toEqual({ ok: false, got: "no VXLAN packet of the ping was captured" });
    expect(wire([100, 300]).ok).toBe(false);
  });
});

describe("a fault is seen, and named", () => {
  const nic = { mac: "02:fe:40:d0:21:eb", mtu: 1450, up: true, addresses: ["10.0.3.10/24"] };
  const options = { local_ip: "192.168.10.156", key: "101", dst_port: "4789", remote_ip: "192.168.10.222" };

  it.each<[string, string, Evidence, string]>([
    ["no tunnel", TUNNEL, changed("kvm1", () => ({ ports: new Map() })), "the tunnel port does not exist"],
    ["a refused tunnel", TUNNEL, withTunnel({ ofport: -1 }), "Open vSwitch refuses the port: ofport -1"],
    [
      "an error of the switch",
      TUNNEL,
      withTunnel({ error: "could not add" }),
      "Open vSwitch refuses the port: could not add",
    ],
    [
      "another VNI",
      TUNNEL,
      withTunnel({ options }),
      "local_ip=192.168.10.156 key=101 dst_port=4789 remote_ip=192.168.10.222",
    ],
    ["another encapsulation", TUNNEL, withTunnel({ type: "geneve" }), "type geneve instead of vxlan"],
    [
      "no split horizon",
      TUNNEL,
      withTunnel({ protected: false }),
      "ofport 2, not protected: frames loop between three hosts",
    ],
    [
      "a switch that is down",
      TUNNEL,
      changed("kvm1", () => ({
        ports: undefined,
        trouble: new Map([["ovs", "ovs-vsctl: connection failed"]]),
      })),
      "ovs-vsctl: connection failed",
    ],
    [
      "no bridge",
      "bridge/kvm1/vxbr",
      changed("kvm1", () => ({ bridge: undefined })),
      "the bridge does not exist",
    ],
    [
      "a bridge with another MTU, down, without its address",
      "bridge/kvm1/vxbr",
      changed("kvm1", () => ({ bridge: { mac: "0a:4e:40:55:16:49", mtu: 1500, up: false, addresses: [] } })),
      "0a:4e:40:55:16:49, MTU 1500, no address, down",
    ],
    [
      "a stopped container",
      "container/c1",
      withBox({ state: "STOPPED", pid: 0, nics: undefined }),
      "STOPPED",
    ],
    [
      "a container with another MTU",
      "container/c1",
      withBox({ nics: new Map([["eth0", { ...nic, mtu: 1500 }]]) }),
      "RUNNING, eth0 02:fe:40:d0:21:eb, MTU 1500, 10.0.3.10/24",
    ],
    [
      "a container that is not plugged in",
      "container/c1",
      changed("kvm1", () => ({ ports: new Map() })),
      "RUNNING, v-c1 is not on the bridge",
    ],
    ["no answer", "ping/c1/c2", withPing("ping/c1/c2", { fate: "no answer" }), "no answer"],
    [
      "a ping that could not be sent",
      "ping/c1/c2",
      withPing("ping/c1/c2", { fate: "not sent", complaint: "ping: connect: Network is unreachable" }),
      "ping: connect: Network is unreachable",
    ],
    [
      "an answer that comes twice",
      "ping/c1/c2",
      withPing("ping/c1/c2", { fate: "answered", ms: 3.5, duplicates: 1 }),
      "answered in 3.5 ms, 1 duplicate answer: frames loop in the segment",
    ],
    [
      "a ping of which nothing came back",
      "ping/c1/c2",
      withPing("ping/c1/c2"),
      "ping did not run on the host",
    ],
    [
      "a ping from a stopped container",
      "ping/c1/c2",
      { ...withBox({ state: "STOPPED", pid: 0, nics: undefined }), pings: new Map() },
      "c1 is STOPPED",
    ],
    [
      "a full packet that is refused",
      "mtu/c1/c2/1450",
      withPing("mtu/c1/c2/1450", { fate: "too long", mtu: 1400 }),
      "refused: message too long, MTU 1400",
    ],
    [
      "a full packet that vanishes",
      "mtu/c1/c2/1450",
      withPing("mtu/c1/c2/1450", { fate: "no answer" }),
      "lost without an error",
    ],
    [
      "a byte too many that passes",
      "mtu/c1/c2/1451",
      withPing("mtu/c1/c2/1451", { fate: "answered", ms: 2 }),
      "answered in 2 ms",
    ],
    [
      "a byte too many that vanishes",
      "mtu/c1/c2/1451",
      withPing("mtu/c1/c2/1451", { fate: "no answer" }),
      "lost without an error",
    ],
    ["nothing on the wire", "wire/c1/c2", withWire([]), "no VXLAN packet of the ping was captured"],
    [
      "another ping's packets only",
      "wire/c1/c2",
      withWire([packet({ inner: { src: "10.0.3.11", dst: "10.0.3.10", what: "request" } })]),
      "no VXLAN packet of the ping was captured",
    ],
    [
      "the reply only, which says nothing of the way here",
      "wire/c1/c2",
      withWire([packet({ inner: { src: "10.0.3.10", dst: "10.0.3.11", what: "reply" } })]),
      "no VXLAN packet of the ping was captured",
    ],
    [
      "another VNI on the wire",
      "wire/c1/c2",
      withWire([packet({ vni: 200 })]),
      "192.168.10.156 > 192.168.10.222 UDP 4789 VNI 200",
    ],
    [
      "another encapsulation on the wire",
      "wire/c1/c2",
      withWire([packet({ encapsulation: undefined })]),
      "192.168.10.156 > 192.168.10.222 UDP 4789 (unknown header) VNI 100",
    ],
    [
      "another VNI beside the right one",
      "wire/c1/c2",
      withWire([packet({}), packet({ vni: 200, udpPort: 4790 })]),
      "192.168.10.156 > 192.168.10.222 UDP 4789 VNI 100; 192.168.10.156 > 192.168.10.222 UDP 4790 VNI 200",
    ],
  ])("%s", (_, name, evidence, got) => {
    expect(verdict(referenceLab(), name, evidence)).toEqual({ ok: false, got });
  });

  it("a host that does not answer fails every check that is made on it, and no other", () => {
    const evidence = good(referenceLab());
    const reason = { silent: "has a host key other than the pinned one" };
    const hosts = new Map([...evidence.hosts, ["kvm1", reason] as const]);
    const failed = buildChecks(referenceLab())
      .map((check) => ({ check, result: judge(check, { ...evidence, hosts }) }))
      .filter(({ result }) => !result.ok);
    expect(failed.every(({ check }) => check.host === "kvm1")).toBe(true);
    expect(failed.map(({ result }) => `${result.name}: ${result.got}`)).toEqual([
      "ssh/kvm1: has a host key other than the pinned one",
      ...[
        "bridge/kvm1/vxbr",
        "tunnel/kvm1/vx100-c0a80ade",
        ...["kept/kvm1", "drift/kvm1", "foreign/kvm1"],
        "container/c1",
        "ping/c1/c2",
        "mtu/c1/c2/1450",
        "mtu/c1/c2/1451",
        "wire/c2/c1",
      ].map((name) => `${name}: unknown: kvm1 has a host key other than the pinned one`),
    ]);
  });
});

describe("segments stay apart", () => {
  const lab = twoSegments();
  const open: PortFacts = { type: "vxlan", ofport: 5, error: "", protected: true, trunks: [], options: {} };
  const withPorts = (change: [string, PortFacts][]): Evidence => {
    const evidence = good(lab);
    const facts = factsOf(lab, "kvm1");
    const ports = new Map([...(facts.ports ?? []), ...change]);
    return { ...evidence, hosts: new Map([...evidence.hosts, ["kvm1", { facts: { ...facts, ports } }]]) };
  };
  const leaky = (port: string) => `port ${port} has no VLAN tag: it carries the frames of every segment`;

  it("a port without a tag is a trunk of both segments", () => {
    const options = factsOf(lab, "kvm1").ports?.get("vx100-c0a80ade")?.options ?? {};
    const evidence = withPorts([
      ["vx100-c0a80ade", { ...open, options }],
      ["v-c1", open],
    ]);
    expect(verdict(lab, TUNNEL, evidence)).toEqual({ ok: false, got: leaky("vx100-c0a80ade") });
    expect(verdict(lab, "container/c1", evidence)).toEqual({ ok: false, got: `RUNNING, ${leaky("v-c1")}` });
  });

  it.each<[string, PingFacts, boolean, string]>([
    ["nobody answers", { fate: "no answer" }, true, "no answer"],
    [
      "ARP is answered",
      { fate: "no answer", neighbour: "02:79:ee:5a:e1:45" },
      false,
      "02:79:ee:5a:e1:45 answers",
    ],
    ["an echo comes back", { fate: "answered", ms: 1 }, false, "the ping is answered"],
  ])("%s", (_, ping, ok, got) => {
    const evidence = good(lab);
    const pings = new Map([...evidence.pings, ["isolation/c1/d1", ping] as const]);
    expect(verdict(lab, "isolation/c1/d1", { ...evidence, pings })).toEqual({ ok, got });
  });
});
