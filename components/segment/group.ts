/** The multicast group that a segment floods to. */
import { addressNumber } from "../../plan/addresses";
import { IpFamily } from "../../plan/mtu";
import { readGroup } from "../../plan/read-address";
import type { SegmentSpec } from "../../plan/types";

/**
 * As written, or the VNI's three bytes in a range that stays within an organisation: 239.0.0.0/8 (RFC 2365) and ff05::/16,
 * of site scope (RFC 4291 section 2.7). Undefined when what is written is no group.
 */
export function groupOf({ group, vni }: SegmentSpec, family: IpFamily): bigint | undefined {
  if (group !== undefined) return readGroup(group, family).value;
  const bytes = [vni >> 16, (vni >> 8) & 255, vni & 255];
  if (bytes.some((byte) => !(byte >= 0 && byte <= 255))) return undefined;
  const words = bytes.map((byte) => byte.toString(family === IpFamily.V4 ? 10 : 16));
  return addressNumber(family === IpFamily.V4 ? `239.${words.join(".")}` : `ff05::${words.join(":")}`);
}
