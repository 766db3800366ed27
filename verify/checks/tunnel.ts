import type { HostOutput, LabOutput, PortOutput } from "../../plan/contract";
import type { Check, CheckKind, Evidence, Verdict } from "../check";
import type { HostFacts, PortFacts } from "../evidence/facts";
import type { Ping } from "../evidence/pings";
import { packetsText, vlanFault } from "../on-port";
import { arrivalShare, tunnelCrossed } from "../crossed";
import { pingAcross } from "../packets";
import type { Link } from "../../components/segment/port";
import { WAYS } from "../../components/segment/ways";

/** A port of Open vSwitch that leads to others: the switch uses it, with the planned options, bridge and VLAN. */
export const tunnel: CheckKind = {
  about: "host",
  of: (lab) =>
    lab.hosts.flatMap((host) =>
      host.ports
        .filter(({ tunnels }) => tunnels.length > 0)
        .flatMap((port) =>
          (WAYS[port.flooding].links?.(host, port) ?? []).map((link) => tunnelCheck(lab, host, port, link)),
        ),
    ),
};

/** The port at the other end, and a ping that crosses the tunnel. */
interface Far {
  host: string;
  port: string;
  /** Absent if no two containers can send one. */
  ping?: Ping;
}

function tunnelCheck(lab: LabOutput, host: HostOutput, port: PortOutput, link: Link): Check {
  const { name } = host;
  const words = { true: "protected, ", false: "not protected, ", undefined: "" };
  const vlan = link.shared ? "one VLAN, " : "";
  const far = farOf(lab, host, port, link);
  // On a path with intended packet loss, three probes in a row may be lost.
  const isLossy =
    link.tunnel !== undefined && arrivalShare(tunnelCrossed(lab, port.segment, name, link.tunnel.host)) < 1;
  return {
    kind: "tunnel",
    name: `tunnel/${name}/${link.port}`,
    host: name,
    expected: `in use, ${words[`${link.protected}`]}${vlan}${link.bfd === true ? "BFD up, " : ""}${optionsText(link.options)}`,
    where: `./vxlab ssh ${name} -- ovs-vsctl list port ${link.port} -- list interface ${link.port}`,
    needs: ["switch", "containers"],
    judge(facts, evidence) {
      const verdict = onLink(link, facts, isLossy);
      return verdict.ok ? (unheard(far, evidence) ?? verdict) : verdict;
    },
    doubt: (first, { hosts }) =>
      first.ok && nothingArrives(name, link.port, far, hosts) ? far?.ping : undefined,
    repairs: () => [{ kind: "port", key: String(port.vni) }],
  };
}

function farOf(lab: LabOutput, host: HostOutput, port: PortOutput, { tunnel: to }: Link): Far | undefined {
  if (to === undefined) return undefined;
  const other = lab.hosts.find(({ name }) => name === to.host);
  const back = other?.ports
    .find(({ segment }) => segment === port.segment)
    ?.tunnels.find((one) => one.host === host.name);
  if (back === undefined) return undefined;
  const ping = pingAcross(lab, port.segment, host.name, to);
  return { host: to.host, port: back.port, ...(ping === undefined ? {} : { ping }) };
}

/** The tunnel has sent, and the other end has received nothing since it was made. */
function nothingArrives(host: string, port: string, far: Far | undefined, hosts: Evidence["hosts"]): boolean {
  const packets = (name: string, of: string) => {
    const found = hosts.get(name);
    return found !== undefined && "facts" in found ? found.facts.ports?.get(of)?.packets : undefined;
  };
  if (far === undefined) return false;
  return (packets(host, port)?.out ?? 0) > 0 && packets(far.host, far.port)?.in === 0;
}

/** The verdict of the ping across it, which is sent only if the counters look as if the path were cut. */
function unheard(far: Far | undefined, { pings }: Evidence): Verdict | undefined {
  const fate = far?.ping && pings.get(far.ping.name)?.fate;
  if (far?.ping === undefined || fate === undefined || fate === "answered") return undefined;
  const { from, to } = far.ping;
  return { ok: false, got: `packets are sent, ${far.host} receives none: ${from} gets no answer from ${to}` };
}

function onLink(link: Link, facts: HostFacts, isLossy: boolean): Verdict {
  if (facts.ports === undefined) {
    return { ok: false, got: facts.trouble.get("ovs") ?? "Open vSwitch does not answer" };
  }
  const found = facts.ports.get(link.port);
  if (found === undefined) return { ok: false, got: "the tunnel port does not exist" };
  const fault = linkFault(link, found);
  if (fault !== undefined) return { ok: false, got: fault };
  const silent = bfdFault(link, found, isLossy);
  if (silent !== undefined) return { ok: false, got: silent };
  const state = link.protected === undefined ? "in use" : protection(found.protected, link.protected);
  const ok = link.protected === undefined || found.protected === link.protected;
  return { ok, got: `ofport ${found.ofport}, ${state}${packetsText(found)}` };
}

/** What BFD says of a tunnel that should be probed: the other end is not heard, or does not hear this one. */
function bfdFault(
  { bfd: isWanted, tunnel: to }: Link,
  { bfd }: PortFacts,
  isLossy: boolean,
): string | undefined {
  if (isWanted !== true || to === undefined || bfd === "up") return undefined;
  if (bfd === undefined) return "BFD is off";
  return isLossy ? undefined : `BFD is ${bfd}: ${to.host} is not heard, or does not hear this host`;
}

function linkFault(link: Link, found: PortFacts): string | undefined {
  // ovs-vsctl accepts what the switch then refuses: only these two columns show it (ovs-vswitchd.conf.db(5), Interface).
  if (found.error !== "") return `Open vSwitch refuses the port: ${found.error}`;
  if (found.ofport < 0) return `Open vSwitch refuses the port: ofport ${found.ofport}`;
  if (found.type !== link.type) return `type ${found.type || "system"} instead of ${link.type}`;
  const different = Object.entries(link.options).some(([key, value]) => found.options[key] !== value);
  return different ? optionsText(found.options) : vlanFault(link.port, found, link.place, link.shared);
}

function optionsText(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

function protection(found: boolean, wanted: boolean): string {
  if (found) return wanted ? "protected" : "protected: the hub does not forward frames";
  return wanted ? "not protected: frames loop between three hosts" : "not protected";
}
