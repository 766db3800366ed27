/** Whether a check holds, from what was gathered. Pure: the same evidence gives the same verdict. */
import type { Check, PingCheck, Served, WireCheck } from "./checks";
import { onDrift, onForeign, onKept, serviceDrift } from "./judge-host";
import { onBridge, onContainer, onGroup, onService, onTunnel } from "./judge-still";
import type { Verdict } from "./judge-still";
import type { HostFacts } from "./parse";
import type { PingFacts, WirePacket } from "./parse-sent";

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
    case "group":
      return onGroup(check, facts);
    case "service":
      return onService(check, facts);
    case "container":
      return onContainer(check, facts);
    case "kept":
      return onKept(check, facts);
    case "drift":
      return onDrift(check, facts);
    case "foreign":
      return onForeign(check, facts);
    case "wire":
      return onWire(check, evidence.wires.get(check.host) ?? []);
    default:
      return onPing(check, facts, evidence);
  }
}

function onPing(check: PingCheck, facts: HostFacts, evidence: Evidence): Verdict {
  const ping = evidence.pings.get(check.name);
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
  const ok = ping.fate === (check.kind === "too-big" ? "too long" : "answered");
  if (ok && ping.duplicates !== undefined)
    return {
      ok: false,
      got: `${fateText(check, ping)}, answers came more than once (${ping.duplicates}): a loop`,
    };
  const inTheWay = ok || check.through === undefined ? undefined : gatewayDrift(check.through, evidence);
  return { ok, got: [fateText(check, ping), ...(inTheWay === undefined ? [] : [inTheWay])].join("; ") };
}

/** What the gateway's host says of it. */
function gatewayDrift(service: Served, { hosts }: Evidence): string | undefined {
  const all = [...hosts.values()].flatMap((found) => ("facts" in found ? [found.facts] : []));
  const own = all.find(({ services }) => services.has(service.device));
  const drift = own === undefined ? undefined : serviceDrift(service, own);
  return drift === undefined || drift.ok ? undefined : drift.got;
}

function fateText({ kind }: PingCheck, { fate, ms, mtu }: PingFacts): string {
  if (fate === "answered") return `answered${ms === undefined ? "" : ` in ${ms} ms`}`;
  if (fate === "too long") return `refused: message too long${mtu === undefined ? "" : `, MTU ${mtu}`}`;
  return kind === "ping" ? "no answer" : "lost without an error";
}

function onWire({ inner, outer, vni, alike }: WireCheck, packets: readonly WirePacket[]): Verdict {
  const requests = packets.filter((packet) => isRequestOf(packet, { ...inner, alike }));
  const seen = [...new Set(requests.map(wireText))];
  const wanted = wireText({ ...outer, vni });
  return {
    ok: seen.length === 1 && seen[0] === wanted,
    got: seen.length === 0 ? "no VXLAN packet of that ping" : seen.join("; "),
  };
}

/** The pings of one check on the wire. */
export interface Flow {
  src: string;
  dst: string;
  /** VNIs of others whose pings have the same addresses. */
  alike: readonly number[];
}

export function isRequestOf({ inner, vni }: WirePacket, { src, dst, alike }: Flow): boolean {
  return inner.what === "request" && inner.src === src && inner.dst === dst && !alike.includes(vni);
}

function wireText({ src, dst, udpPort, vni }: Omit<WirePacket, "inner">): string {
  return `${src} > ${dst} UDP ${udpPort} VNI ${vni}`;
}
