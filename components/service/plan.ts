import { addressText, prefixed } from "../../plan/addresses";
import type { ServicePlan } from "../../plan/lab-plan";
import { computedMac, MacKind } from "../../plan/mac";
import { serviceDevice } from "../../plan/names";
import type { ResolvedLab, ResolvedSegment, ResolvedService } from "../../plan/resolved";
import { closedTo } from "../guard/closed";

/** DHCP servers and gateways, sorted by segment. */
export function planServices(lab: ResolvedLab): ServicePlan[] {
  return lab.segments.flatMap((segment) =>
    segment.service === undefined ? [] : [planService(lab, segment, segment.service)],
  );
}

function planService(
  lab: ResolvedLab,
  { name, mtu, vlan }: ResolvedSegment,
  { host, four, six, nat, range }: ResolvedService,
): ServicePlan {
  return {
    segment: name,
    host,
    device: serviceDevice(name),
    mac: computedMac(lab.identity, MacKind.Service, name),
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
