/** How much of a packet the tunnel takes for itself. */
import { isIntegerIn } from "./rules";

export enum IpFamily {
  V4 = 4,
  V6 = 6,
}

/** Smallest MTU that IPv6 works with (RFC 8200 section 5), so that an underlay can carry either family. */
export const MIN_UNDERLAY_MTU = 1280;
/** The usual limit of switches and virtio; libvirt itself takes more. */
export const MAX_UNDERLAY_MTU = 9216;
/** What every IPv4 host must be able to receive (RFC 791 section 3.1). */
export const MIN_SEGMENT_MTU = 576;
/** What IPv6 needs of every link (RFC 8200 section 5). */
export const MIN_SEGMENT6_MTU = 1280;

export function isUnderlayMtu(mtu: unknown): mtu is number {
  return isIntegerIn(mtu, MIN_UNDERLAY_MTU, MAX_UNDERLAY_MTU);
}

const INNER_ETHERNET = 14;
const VXLAN_HEADER = 8;
const UDP_HEADER = 8;
const IP_HEADER: Readonly<Record<IpFamily, number>> = { [IpFamily.V4]: 20, [IpFamily.V6]: 40 };

/**
 * Bytes between an inner and an outer IP packet: 14 + 8 + 8 + 20 = 50 over IPv4, 14 + 8 + 8 + 40 = 70 over IPv6.
 * RFC 7348 section 5; include/net/vxlan.h, VXLAN_HEADROOM and VXLAN6_HEADROOM. A segment's VLAN adds nothing: the
 * bridge takes the tag off before an access port sends the frame.
 *
 * @example
 * ```ts
 * const overhead = vxlanOverhead(IpFamily.V6); // 70
 * ```
 */
export function vxlanOverhead(family: IpFamily): number {
  return INNER_ETHERNET + VXLAN_HEADER + UDP_HEADER + IP_HEADER[family];
}

/**
 * The largest IP packet inside a segment that fits one packet of the underlay, bytes.
 *
 * @example
 * ```ts
 * const mtu = maxOverlayMtu(1500, IpFamily.V4); // 1450
 * ```
 */
export function maxOverlayMtu(underlayMtu: number, family: IpFamily): number {
  return underlayMtu - vxlanOverhead(family);
}
