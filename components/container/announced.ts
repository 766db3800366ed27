/** How a container treats the announcements of an IPv6 gateway: only its plan decides its default route. */
import { EVERYTHING } from "../../plan/addresses";
import { NO_ADDRESS } from "../../plan/ipam";
import { IpFamily } from "../../plan/net/family";
import type { Place, ResolvedContainer, ResolvedNic, ResolvedRoute } from "../../plan/resolved";
import type { SysctlPlan } from "../../plan/workload-plan";
import { serviceFor, servicesOf } from "../service/of-segment";
import { nicName, taggedName } from "../../plan/names";

/** The IPv6 default route: by the first interface with an address in a segment that has an IPv6 gateway, unless a route is written. */
export function usualGateway6({ host, nics, routes }: ResolvedContainer): ResolvedRoute[] {
  if (nics.some(({ spec }) => spec.gateway6 !== undefined && spec.gateway6 !== NO_ADDRESS)) return [];
  if (routes.some(({ to }) => to.cidr === EVERYTHING[IpFamily.V6].cidr)) return [];
  const [first] = nics.flatMap((nic): ResolvedRoute[] => {
    const six = nic.place && serviceFor(nic.place.segment, host)?.six;
    if (nic.place === undefined || six === undefined || nic.spec.gateway6 === NO_ADDRESS) return [];
    const own = nic.place.addresses.some(({ subnet }) => subnet.family === IpFamily.V6);
    return own ? [{ to: EVERYTHING[IpFamily.V6], via: six.address, place: nic.place }] : [];
  });
  return first === undefined ? [] : [first];
}

/**
 * Router advertisements are ignored on interfaces that the plan has no IPv6 default route for. Linux would use the announced route beside
 * the planned one, which has the same metric.
 */
export function ignoredAdvertisements({ nics, routes, sysctls }: ResolvedContainer): SysctlPlan[] {
  return nics.flatMap(placed).flatMap(({ device, place }) => {
    const [six, another] = servicesOf(place.segment).flatMap((service) => service.six ?? []);
    const name = `net/ipv6/conf/${device}/accept_ra`;
    const led = routes.some(
      ({ to, via, place: by }) =>
        to.cidr === EVERYTHING[IpFamily.V6].cidr && by === place && via === six?.address,
    );
    if (six === undefined || (led && another === undefined) || sysctls.some((one) => one.name === name))
      return [];
    return [{ name, value: "0" }];
  });
}

function placed(nic: ResolvedNic): { device: string; place: Place }[] {
  const device = nicName(nic.number);
  if (nic.place !== undefined) return [{ device, place: nic.place }];
  return (nic.trunk ?? []).map((place) => ({ device: taggedName(device, place.vlan), place }));
}
