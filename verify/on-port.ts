/** Verdicts on a port of Open vSwitch: its bridge, its VLANs. */
import type { Place } from "../components/segment/port";
import type { PortFacts } from "./evidence/facts";

export function packetsText({ packets }: PortFacts): string {
  return packets === undefined ? "" : `, packets in ${packets.in}, out ${packets.out}`;
}

/**
 * What is wrong with a port's bridge and VLANs; undefined when nothing is. Without a tag a port is a trunk of all VLANs
 * (ovs-vswitchd.conf.db(5), Port, "VLAN Configuration").
 *
 * @param shared how to judge it if the lab's output does not have the VLAN
 */
export function vlanFault(
  name: string,
  port: PortFacts,
  { bridge, vlans }: Place,
  shared: boolean,
): string | undefined {
  const { tag, trunks, vlanMode } = port;
  if (port.bridge !== undefined && port.bridge !== bridge)
    return `port ${name} is on ${port.bridge}, not on ${bridge}`;
  const open = tag === undefined && trunks.length === 0;
  if (open && (shared || vlans !== undefined))
    return `port ${name} has no VLAN tag: it carries the frames of every segment`;
  if (vlans === undefined) return undefined;
  const wanted = typeof vlans === "number" ? { tag: vlans, trunks: [] } : { trunks: vlans };
  const mode = typeof vlans === "number" ? "access" : "trunk";
  const [found, planned] = [vlansText({ tag, trunks }), vlansText(wanted)];
  if (found !== planned) return `port ${name} carries ${found} instead of ${planned}`;
  return vlanMode === undefined || vlanMode === mode ? undefined : `port ${name} has vlan_mode=${vlanMode}`;
}

function vlansText({ tag, trunks }: Pick<PortFacts, "tag" | "trunks">): string {
  const own = tag === undefined ? [] : [tag === 0 ? "untagged frames" : `VLAN ${tag}`];
  const tagged = [...trunks].sort((a, b) => a - b);
  return [...own, ...(tagged.length === 0 ? [] : [`tagged VLANs ${tagged.join(", ")}`])].join(" and ");
}
