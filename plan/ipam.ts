/**
 * Computed addresses of a segment. Each depends on the names of segment and container alone, so that it stays when others come and
 * go; where two meet, one has to be written (check-taken.ts says which would be free).
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

/** More would not help: if three quarters of the subnet are lent, one in a hundred million is left without. */
const TRIES = 64;

/**
 * By hash into the subnet without its first address, a gateway's; and again where that is taken by the segment's own
 * services, so that these move the fewest. Undefined: the subnet has no room left beside what it lends.
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

/** Whether an address is the service's own or lent by it. */
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
