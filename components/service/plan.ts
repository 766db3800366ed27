import { addressText, prefixed } from "../../plan/addresses";
import { closedTo } from "../guard/closed";
import { computedMac, MacKind } from "../../plan/mac";
import { checked } from "../../plan/must";
import { serviceDevice } from "../../plan/names";
import { segmentMtu } from "../host/plan";
import { sortedEntries } from "../../plan/rules";
import { dhcpRange, serviceAddress, subnet4Of } from "./services";
import type { SegmentSpec, ServicePlan, Topology } from "../../plan/types";

/** DHCP servers and gateways, sorted by segment. */
export function planServices(topology: Topology, lab: string): ServicePlan[] {
  return sortedEntries(topology.segments).flatMap(([name, spec]) => {
    const host = spec.gateway?.host ?? spec.dhcp?.host;
    return host === undefined ? [] : [planService(topology, lab, name, spec, host)];
  });
}

function planService(
  topology: Topology,
  lab: string,
  name: string,
  spec: SegmentSpec,
  host: string,
): ServicePlan {
  const address = checked(serviceAddress(spec));
  const mtu = segmentMtu(topology, spec);
  const nat = spec.gateway !== undefined;
  return {
    segment: name,
    host,
    device: serviceDevice(name),
    mac: computedMac(lab, MacKind.Service, name),
    mtu,
    ...(spec.vlan === undefined ? {} : { vlan: spec.vlan }),
    addresses: [prefixed(address, checked(subnet4Of(spec)))],
    nat,
    ...(nat ? { closed: closedTo(topology) } : {}),
    ...planDhcp(spec, nat ? addressText(address) : undefined, mtu),
  };
}

function planDhcp(spec: SegmentSpec, router: string | undefined, mtu: number): Pick<ServicePlan, "dhcp"> {
  const range = dhcpRange(spec);
  if (range === undefined) return {};
  const [first, last] = [addressText(range.first), addressText(range.last)];
  return { dhcp: { first, last, ...(router === undefined ? {} : { router }), mtu } };
}
