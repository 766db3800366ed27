import { addressText, prefixed } from "../../plan/addresses";
import type { ServicePlan } from "../../plan/lab-plan";
import { computedMac, MacKind } from "../../plan/mac";
import { gatewayName, serviceDevice } from "../../plan/names";
import type { ResolvedGateway, ResolvedLab, ResolvedSegment, ResolvedService } from "../../plan/resolved";
import { closedTo } from "../guard/closed";
import { servicesOf } from "./of-segment";

/** DHCP servers and gateways, sorted by segment. */
export function planServices(lab: ResolvedLab): ServicePlan[] {
  return lab.segments.flatMap((segment) =>
    servicesOf(segment).map((service) => planService(lab, segment, service)),
  );
}

function planService(
  lab: ResolvedLab,
  { name, mtu, vlan }: ResolvedSegment,
  service: ResolvedService | ResolvedGateway,
): ServicePlan {
  const { host, four, six, nat, range } = service;
  const further = "path" in service;
  return {
    segment: name,
    host,
    ...(further ? { further } : {}),
    device: serviceDevice(name),
    mac: computedMac(lab.identity, MacKind.Service, further ? gatewayName(name, host) : name),
    mtu,
    ...(vlan === undefined ? {} : { vlan }),
    addresses: [four, six].flatMap((own) => (own === undefined ? [] : [prefixed(own.address, own.subnet)])),
    nat,
    ...(six === undefined ? {} : { nat6: true }),
    ...(nat || six !== undefined ? { closed: closedTo(lab) } : {}),
    ...(range === undefined
      ? {}
      : {
          dhcp: {
            first: addressText(range.first),
            last: addressText(range.last),
            ...(nat && four !== undefined ? { router: addressText(four.address) } : {}),
            mtu,
          },
        }),
  };
}
