/** The hosts of a plan: machine or existing host, bridge, a port for each segment. */
import { addressText, prefixed } from "../../plan/addresses";
import type { BridgePlan, ContainerPlan, HostPlan, ServicePlan, UnderlayPlan } from "../../plan/lab-plan";
import { computedMac, MacKind } from "../../plan/mac";
import { maxOverlayMtu } from "../../plan/net/encap";
import type { ResolvedHost, ResolvedLab, ResolvedUnderlay } from "../../plan/resolved";
import { planEncryption } from "../encryption/plan";
import { carrierOf } from "../encryption/mtu";
import { planRouters } from "../router/plan";
import { planPorts } from "../segment/plan";
import { mtuUnder } from "../underlay/mtu";
import { underlayAt } from "../underlay/resolve";
import { untaggedSegment } from "./networks";
import { planExisting } from "./plan-existing";

/** What else is decided of the lab. */
interface Decided {
  underlayOf: (underlay: ResolvedUnderlay) => UnderlayPlan;
  containers: readonly ContainerPlan[];
  services: readonly ServicePlan[];
}

export function planHosts(lab: ResolvedLab, { underlayOf, containers, services }: Decided): HostPlan[] {
  const hosts = lab.hosts.map((host) => ({ host, bridge: planBridge(lab, host) }));
  const bridges = new Map(hosts.map(({ host, bridge }) => [host.name, bridge]));
  const portsOf = planPorts(lab, { lab, bridges, containers, services });
  const routerOf = planRouters(lab);
  return hosts.map(({ host, bridge }) => {
    const { name, guard } = host;
    const [ports, router] = [portsOf(name), routerOf(name)];
    const encryption = planEncryption(lab, host, ports);
    const own = { ports, ...(router === undefined ? {} : { router }) };
    const shared = {
      ...{ name, address: addressText(host.address), guard, bridge, ...own },
      ...(encryption === undefined ? {} : { encryption }),
    };
    if (host.kind === "machine") {
      const { kind, mac, memory, vcpus } = host;
      return { ...shared, kind, underlay: underlayOf(host.underlay), mac, memory, vcpus };
    }
    const on = (one: { host: string }) => one.host === name;
    const workload = { ...own, services: services.filter(on), containers: containers.filter(on) };
    return { ...shared, kind: host.kind, existing: planExisting(lab, host, workload) };
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
function bridgeMtu(
  { segments, underlays }: ResolvedLab,
  { name, address, encryption }: ResolvedHost,
): number {
  const untagged = untaggedSegment(segments, name);
  if (untagged !== undefined) return untagged.mtu;
  const under = underlayAt(underlays.written, address)?.mtu ?? mtuUnder(underlays);
  const { mtu, family } = carrierOf(under, underlays.family, encryption !== undefined);
  return maxOverlayMtu(mtu, family);
}
