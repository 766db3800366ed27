/** The ports of hosts to their segments. */
import { endpointOf } from "../encryption/endpoint";
import { addressText } from "../../plan/addresses";
import { DEFAULT_ENCAPSULATION } from "../../plan/net/encap";
import type { VxlanPortPlan } from "../../plan/lab-plan";
import type { ResolvedLab, ResolvedSegment } from "../../plan/resolved";
import { compareText } from "../../plan/rules";
import type { Known } from "./stations";
import { wayOf } from "./ways";

/** @returns the ports of a host, sorted by VNI */
export function planPorts(lab: ResolvedLab, known: Known): (host: string) => VxlanPortPlan[] {
  const segments = [...lab.segments].sort((a, b) => a.vni - b.vni);
  const planners = segments.map((segment) => planPort(lab, segment, known));
  return (host) => planners.flatMap((port) => port(host));
}

function planPort(
  { peers }: ResolvedLab,
  segment: ResolvedSegment,
  known: Known,
): (host: string) => VxlanPortPlan[] {
  const { name, vni, encapsulation, udpPort, mtu, vlan, flooding, members, open } = segment;
  const own = members.map((one) => ({ host: one.name, address: addressText(endpointOf(one)) }));
  const far = peers.map((one) => ({ host: one.host, address: addressText(endpointOf(one)) }));
  const strange = segment.remotes.map(({ host, address }) => ({ host, address: addressText(address) }));
  const everyone = [...own, ...(open ? far : []), ...strange].sort((a, b) => compareText(a.host, b.host));
  const part = wayOf(flooding).plan(segment, flooding, known);
  return (host) => {
    if (!own.some((one) => one.host === host)) return [];
    const remotes = everyone.filter((one) => one.host !== host);
    return [
      {
        ...{ segment: name, vni, ...(encapsulation === DEFAULT_ENCAPSULATION ? {} : { encapsulation }) },
        ...{ udpPort, mtu, ...(vlan === undefined ? {} : { vlan }) },
        ...{ flooding: flooding.way, protected: true, remotes },
        ...part(host, remotes),
      },
    ];
  };
}
