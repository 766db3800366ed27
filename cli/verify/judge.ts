/** Whether a check holds, from what was gathered. Pure: the same evidence gives the same verdict. */
import { optionsText } from "./checks";
import type { BridgeCheck, Check, ContainerCheck, PingCheck, TunnelCheck, WireCheck } from "./checks";
import type { HostFacts, NicFacts, PingFacts, PortFacts, WirePacket } from "./parse";

export interface CheckResult {
  name: string;
  ok: boolean;
  expected: string;
  got: string;
  /** What to run to see for oneself. */
  where: string;
}

/** A host that was asked: what it said, or why it did not. */
export type HostEvidence = { facts: HostFacts } | { silent: string };

export interface Evidence {
  hosts: ReadonlyMap<string, HostEvidence>;
  /** By the name of the check that the ping was sent for. */
  pings: ReadonlyMap<string, PingFacts>;
  /** What was captured, by host. */
  wires: ReadonlyMap<string, readonly WirePacket[]>;
}

interface Verdict {
  ok: boolean;
  got: string;
}

export function judge(check: Check, evidence: Evidence): CheckResult {
  const { name, expected, where } = check;
  const host = evidence.hosts.get(check.host) ?? { silent: "was not asked" };
  const verdict = "silent" in host ? silence(check, host.silent) : verdictOn(check, host.facts, evidence);
  return { name, ok: verdict.ok, expected, got: verdict.got, where };
}

function silence(check: Check, reason: string): Verdict {
  return { ok: false, got: check.kind === "ssh" ? reason : `unknown: ${check.host} ${reason}` };
}

function verdictOn(check: Check, facts: HostFacts, evidence: Evidence): Verdict {
  switch (check.kind) {
    case "ssh":
      return { ok: true, got: "answers" };
    case "bridge":
      return onBridge(check, facts);
    case "tunnel":
      return onTunnel(check, facts);
    case "container":
      return onContainer(check, facts);
    case "wire":
      return onWire(check, evidence.wires.get(check.host) ?? []);
    default:
      return onPing(check, facts, evidence.pings.get(check.name));
  }
}

function onBridge({ bridge }: BridgeCheck, facts: HostFacts): Verdict {
  if (facts.bridge === undefined) return { ok: false, got: facts.trouble.get("bridge") ?? "no such bridge" };
  return onNic(facts.bridge, { ...bridge, addresses: bridge.address === undefined ? [] : [bridge.address] });
}

function onNic(nic: NicFacts, wanted: Pick<NicFacts, "mac" | "mtu" | "addresses">): Verdict {
  const ok =
    nic.up &&
    nic.mac === wanted.mac &&
    nic.mtu === wanted.mtu &&
    nic.addresses.join() === wanted.addresses.join();
  const addresses = nic.addresses.length === 0 ? "no address" : nic.addresses.join(" ");
  return { ok, got: `${nic.mac}, MTU ${nic.mtu}, ${addresses}${nic.up ? "" : ", down"}` };
}

function onTunnel({ port, options, shared }: TunnelCheck, facts: HostFacts): Verdict {
  if (facts.ports === undefined) {
    return { ok: false, got: facts.trouble.get("ovs") ?? "Open vSwitch is silent" };
  }
  const tunnel = facts.ports.get(port);
  if (tunnel === undefined) return { ok: false, got: "no such tunnel" };
  // ovs-vsctl takes what the switch then refuses: only these two columns tell (ovs-vswitchd.conf.db(5), Interface).
  if (tunnel.error !== "") return { ok: false, got: `refused: ${tunnel.error}` };
  if (tunnel.ofport < 0) return { ok: false, got: `refused: ofport ${tunnel.ofport}` };
  const different = Object.entries(options).filter(([key, value]) => tunnel.options[key] !== value);
  if (different.length > 0) return { ok: false, got: optionsText(tunnel.options) };
  if (shared && isOpenTrunk(tunnel)) return { ok: false, got: openTrunk(port) };
  const state = tunnel.protected ? "protected" : "not protected: a mesh of three hosts would loop";
  return { ok: tunnel.protected, got: `ofport ${tunnel.ofport}, ${state}` };
}

/** Without a tag a port is a trunk of all VLANs (ovs-vswitchd.conf.db(5), Port, "VLAN Configuration"). */
function isOpenTrunk({ tag, trunks }: PortFacts): boolean {
  return tag === undefined && !trunks;
}

function openTrunk(port: string): string {
  return `port ${port} has no VLAN tag: it carries the frames of every segment`;
}

function onContainer({ container, shared }: ContainerCheck, facts: HostFacts): Verdict {
  const {
    name,
    interfaces: [own],
  } = container;
  const found = facts.containers.get(name);
  if (found === undefined) return { ok: false, got: "no such container" };
  if (found.nic === undefined) {
    return {
      ok: false,
      got: [found.state, facts.trouble.get(`container ${name}`)].filter(Boolean).join(": "),
    };
  }
  if (own === undefined) return { ok: found.state === "RUNNING", got: found.state };
  const { mac, mtu, addresses, veth } = own;
  const port = facts.ports?.get(veth);
  if (port === undefined) return { ok: false, got: `${found.state}, ${veth} is not on the bridge` };
  if (shared && isOpenTrunk(port)) return { ok: false, got: `${found.state}, ${openTrunk(veth)}` };
  const nic = onNic(found.nic, { mac, mtu, addresses });
  return { ok: nic.ok && found.state === "RUNNING", got: `${found.state}, eth0 ${nic.got}` };
}

function onPing(check: PingCheck, facts: HostFacts, ping: PingFacts | undefined): Verdict {
  if (ping === undefined || ping.fate === "not sent") {
    const state = facts.containers.get(check.from)?.state ?? "ABSENT";
    const why =
      state === "RUNNING" ? (ping?.complaint ?? "the host ran no ping") : `${check.from} is ${state}`;
    return { ok: false, got: why };
  }
  if (check.kind === "isolated") {
    const leak = ping.neighbour ?? (ping.fate === "answered" ? "an echo reply" : undefined);
    return { ok: leak === undefined, got: leak === undefined ? "no answer" : `${leak} answers` };
  }
  return {
    ok: ping.fate === (check.kind === "too-big" ? "too long" : "answered"),
    got: fateText(check, ping),
  };
}

function fateText({ kind }: PingCheck, { fate, ms, mtu }: PingFacts): string {
  if (fate === "answered") return `answered${ms === undefined ? "" : ` in ${ms} ms`}`;
  if (fate === "too long") return `refused: message too long${mtu === undefined ? "" : `, MTU ${mtu}`}`;
  return kind === "ping" ? "no answer" : "lost without an error";
}

function onWire({ inner, outer, vni }: WireCheck, packets: readonly WirePacket[]): Verdict {
  const requests = packets.filter((packet) => isRequestOf(packet, inner));
  const seen = [...new Set(requests.map(wireText))];
  const wanted = wireText({ ...outer, vni });
  return {
    ok: seen.length === 1 && seen[0] === wanted,
    got: seen.length === 0 ? "no VXLAN packet of that ping" : seen.join("; "),
  };
}

export interface Flow {
  src: string;
  dst: string;
}

export function isRequestOf({ inner }: WirePacket, { src, dst }: Flow): boolean {
  return inner.what === "request" && inner.src === src && inner.dst === dst;
}

function wireText({ src, dst, udpPort, vni }: Omit<WirePacket, "inner">): string {
  return `${src} > ${dst} UDP ${udpPort} VNI ${vni}`;
}
