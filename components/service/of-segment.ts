/** The DHCP servers and gateways of a segment, and which of them a host's containers use. */
import type { ResolvedGateway, ResolvedService, SegmentNetwork } from "../../plan/resolved";

/** The segment's own service, then the gateways of single hosts. */
export function servicesOf({
  service,
  gateways = [],
}: SegmentNetwork): (ResolvedService | ResolvedGateway)[] {
  return [...(service === undefined ? [] : [service]), ...gateways];
}

/** What a host's containers use: the gateway of the host, else the segment's service. */
export function serviceFor(
  { service, gateways = [] }: SegmentNetwork,
  host: string,
): ResolvedService | undefined {
  return gateways.find((one) => one.host === host) ?? service;
}
