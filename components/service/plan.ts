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
  { host, subnet, address, nat, range }: ResolvedService,
): ServicePlan {
  return {
    segment: name,
    host,
    device: serviceDevice(name),
    mac: computedMac(lab.identity, MacKind.Service, name),
    mtu,
    ...(vlan === undefined ? {} : { vlan }),
    addresses: [prefixed(address, subnet)],
    nat,
    ...(nat ? { closed: closedTo(lab) } : {}),
    ...(range === undefined
      ? {}
      : {
          dhcp: {
            first: addressText(range.first),
            last: addressText(range.last),
            ...(nat ? { router: addressText(address) } : {}),
            mtu,
          },
        }),
  };
}
