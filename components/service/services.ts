/** What a segment offers its containers: a DHCP server, a gateway, and the addresses that these take. */
import { contains, gatewayOf, highestOf } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { IpFamily } from "../../plan/mtu";
import { readAddress, readSubnet } from "../../plan/read-address";
import type { SegmentSpec } from "../../plan/types";

/** Both ends belong to it. */
export interface Range {
  first: bigint;
  last: bigint;
}

/** Undefined when it is none, which is reported as what it is. */
export function subnet4Of(segment: SegmentSpec): Subnet | undefined {
  return readSubnet(segment.subnet, IpFamily.V4).value;
}

/** The address of the segment's service in it: the gateway's own, or the first of the subnet. */
export function serviceAddress(segment: SegmentSpec): bigint | undefined {
  const subnet = subnet4Of(segment);
  if (subnet === undefined || (segment.dhcp === undefined && segment.gateway === undefined)) return undefined;
  const written = readAddress(segment.gateway?.address, IpFamily.V4).value;
  return written !== undefined && contains(subnet, written) ? written : gatewayOf(subnet);
}

/** The addresses that are lent: those that are written, or the upper quarter of the subnet. */
export function dhcpRange({ dhcp, ...segment }: SegmentSpec): Range | undefined {
  const subnet = subnet4Of(segment);
  if (dhcp === undefined || subnet === undefined) return undefined;
  const size = subnet.last - subnet.first + 1n;
  const [highest, upper] = [highestOf(subnet), subnet.first + (size * 3n) / 4n];
  const written = (got: unknown, own: bigint) => readAddress(got, IpFamily.V4).value ?? own;
  return { first: written(dhcp.first, upper < highest ? upper : highest), last: written(dhcp.last, highest) };
}
