import type { LabOutput } from "../../plan/contract";
import type { Check, CheckKind } from "../check";
import { between, pingCheck } from "../packets";
import { commonAddresses, isIpv6, segmentsOf } from "../pairs";
import type { End } from "../pairs";

/** A segment's gateway answers each of its containers. */
export const gateway: CheckKind = {
  about: "packet",
  of: (lab) =>
    segmentsOf(lab)
      .flat()
      .flatMap((end) => gatewayChecks(lab, end)),
};

/** The address is that of its default route: of its host's own gateway, if there is one. */
function gatewayChecks(lab: LabOutput, from: End): Check[] {
  const all = lab.services.filter(
    ({ segment, nat, nat6 }) => (nat || nat6 === true) && segment === from.segment,
  );
  const service =
    all.find(({ further, host }) => further === true && host === from.host) ??
    all.find(({ further }) => further !== true);
  if (service === undefined) return [];
  return commonAddresses(from, { ...from, addresses: service.addresses }).map((address) =>
    pingCheck(
      "gateway",
      {
        name: `${isIpv6(address) ? "gateway6" : "gateway"}/${from.name}/${from.segment}`,
        ...between(from, address),
        mode: "reach",
      },
      `the gateway on ${service.host} (${address}) answers ${from.name}`,
    ),
  );
}
