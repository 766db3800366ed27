/** Which DHCP servers and gateways a segment has, and which of them a container is led by. */
import type { ResolvedGateway, ResolvedService, SegmentNetwork } from "../../plan/resolved";

/** The segment's own, then those of single hosts. */
export function servicesOf({
  service,
  gateways = [],
}: SegmentNetwork): (ResolvedService | ResolvedGateway)[] {
  return [...(service === undefined ? [] : [service]), ...gateways];
}

/** What leads the containers of a host out: its own gateway, else the segment's. */
export function leaderOn(
  { service, gateways = [] }: SegmentNetwork,
  host: string,
): ResolvedService | undefined {
  return gateways.find((one) => one.host === host) ?? service;
}
