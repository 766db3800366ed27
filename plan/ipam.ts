/**
 * Computed addresses of a segment. Each depends on the names of segment and container only, so that it does not change when others are
 * added or removed. If two are equal, one must be written (check-taken.ts suggests a free one).
 */
import { createHash } from "node:crypto";
import { servicesOf } from "../components/service/of-segment";
import { contains, highestOf, memberFault } from "./addresses";
import type { Subnet } from "./addresses";
import { IpFamily } from "./net/family";
import type { SegmentNetwork } from "./resolved";

/** What is written instead of an address. */
export const NO_ADDRESS = "none";
export const LENT_ADDRESS = "dhcp";

/** Enough tries: if three quarters of the subnet are lent, one container in a hundred million gets no address. */
const TRIES = 64;

/**
 * A hash gives an address of the subnet, except the first one (the gateway's). If the segment's own services use it, the next hash is
 * tried, so that a service changes as few addresses as possible. Undefined: the DHCP range leaves no room in the subnet.
 */
export function computedAddress(
  segment: SegmentNetwork,
  container: string,
  subnet: Subnet,
): bigint | undefined {
  const lowest = subnet.first + 2n;
  const count = highestOf(subnet) - lowest + 1n;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const address = lowest + (hashNumber([segment.name, container, attempt]) % count);
    if (!isReserved(segment, subnet, address)) return address;
  }
  return undefined;
}

/** True if an address is the service's own, or in its DHCP range. */
function isReserved(segment: SegmentNetwork, { family }: Subnet, address: bigint): boolean {
  return servicesOf(segment).some(({ four, six, range }) => {
    if (family === IpFamily.V6) return address === six?.address;
    return address === four?.address || (range !== undefined && contains(range, address));
  });
}

function hashNumber(words: readonly (string | number)[]): bigint {
  return BigInt(`0x${createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, 32)}`);
}

/** The address next to `near` that is neither taken nor reserved; undefined when there is none. */
export function nearestFree(
  segment: SegmentNetwork,
  subnet: Subnet,
  near: bigint,
  taken: ReadonlySet<bigint>,
): bigint | undefined {
  const free = (address: bigint) =>
    memberFault(subnet, address) === undefined &&
    address > subnet.first + 1n &&
    !taken.has(address) &&
    !isReserved(segment, subnet, address);
  for (let step = 1n; contains(subnet, near + step) || contains(subnet, near - step); step++) {
    if (free(near + step)) return near + step;
    if (free(near - step)) return near - step;
  }
  return undefined;
}
