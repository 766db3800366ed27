/** The hosts of a plan: machine or existing host, bridge, a port for each segment. */
import { addressText, prefixed } from "../../plan/addresses";
import type { BridgePlan, ContainerPlan, HostPlan, ServicePlan } from "../../plan/lab-plan";
import { computedMac, MacKind } from "../../plan/mac";
import { maxOverlayMtu } from "../../plan/net/encap";
import type { ResolvedHost, ResolvedLab } from "../../plan/resolved";
import { planPorts } from "../segment/plan";
import { mtuUnder } from "../underlay/mtu";
import { underlayAt } from "../underlay/resolve";
import { untaggedSegment } from "./networks";
import { planExisting } from "./plan-existing";

export function planHosts(
  lab: ResolvedLab,
  containers: readonly ContainerPlan[],
  services: readonly ServicePlan[],
): HostPlan[] {
  const hosts = lab.hosts.map((host) => ({ host, bridge: planBridge(lab, host) }));
  const bridges = new Map(hosts.map(({ host, bridge }) => [host.name, bridge]));
  const portsOf = planPorts(lab, { bridges, containers, services });
  return hosts.map(({ host, bridge }) => {
    const { name, guard } = host;
    const [address, ports] = [addressText(host.address), portsOf(name)];
    if (host.kind === "machine") {
      const { underlay, mac, memory, vcpus } = host;
      return { name, address, underlay: underlay.name, mac, memory, vcpus, guard, bridge, ports };
    }
    const on = (one: { host: string }) => one.host === name;
    const workload = { ports, services: services.filter(on), containers: containers.filter(on) };
    return { name, address, existing: planExisting(lab, host, workload), guard, bridge, ports };
  });
}

function planBridge(lab: ResolvedLab, host: ResolvedHost): BridgePlan {
  const { name, bridge, bridgeAddress } = host;
  return {
    name: bridge,
    ...(bridgeAddress === undefined
      ? {}
      : { address: prefixed(bridgeAddress.address, bridgeAddress.subnet) }),
    mac: computedMac(lab.identity, MacKind.Bridge, name),
    mtu: bridgeMtu(lab, host),
  };
}

/** The bridge's own interface is untagged: it is in the untagged segment, or in none. */
function bridgeMtu({ segments, underlays }: ResolvedLab, { name, address }: ResolvedHost): number {
  const untagged = untaggedSegment(segments, name);
  if (untagged !== undefined) return untagged.mtu;
  const under = underlayAt(underlays.written, address)?.mtu ?? mtuUnder(underlays);
  return maxOverlayMtu(under, underlays.family);
}
