/**
 * Who has which address of a segment. A computed address depends on the names of segment and container alone, so that it
 * stays when others come and go; where two meet, one has to be written (checkAddresses says which would be free).
 */
import { createHash } from "node:crypto";
import { contains, highestOf, memberFault, prefixed } from "./addresses";
import type { Subnet } from "./addresses";
import { IpFamily } from "./mtu";
import { attachmentsOf, nicsOf } from "../components/container/nics";
import type { Attachment } from "../components/container/nics";
import { readInterface, readSubnet, SEGMENT6_PREFIXES } from "./read-address";
import { dhcpRange, serviceAddress, subnet4Of } from "../components/service/services";
import type { SegmentSpec, Topology } from "./types";

/** What is written instead of an address. */
export const NO_ADDRESS = "none";
export const LENT_ADDRESS = "dhcp";

export interface Assignment {
  attachment: Attachment;
  subnet: Subnet;
  /** Undefined: the subnet has no room left beside what it lends. */
  address?: bigint;
  computed: boolean;
  /** The setting where it is, or may be, written. */
  path: string;
  got: unknown;
}

/** Every address of a container's interface, sorted by container, interface, family. */
export function assignments(topology: Topology): Assignment[] {
  const places = nicsOf(topology).flatMap((nic) => attachmentsOf(topology, nic));
  // A second place in the same segment is refused as such.
  const once = new Map([...places].reverse().map((place) => [keyOf(place), place]));
  return places
    .filter((place) => once.get(keyOf(place)) === place)
    .flatMap((place) => [...assigned(place, IpFamily.V4), ...assigned(place, IpFamily.V6)]);
}

/** The addresses in a plan, with prefix length, by `attachmentKey`. */
export function addressBook(topology: Topology): Map<string, string[]> {
  const book = new Map<string, string[]>();
  for (const { attachment, address, subnet } of assignments(topology)) {
    const key = keyOf(attachment);
    if (address !== undefined) book.set(key, [...(book.get(key) ?? []), prefixed(address, subnet)]);
  }
  return book;
}

/** A container is in a segment once at most. */
export function attachmentKey(container: string, segment: string): string {
  return `${container} ${segment}`;
}

function keyOf({ nic, name }: Attachment): string {
  return attachmentKey(nic.container, name);
}

export function subnet6Of({ subnet6 }: SegmentSpec): Subnet | undefined {
  return readSubnet(subnet6, IpFamily.V6, SEGMENT6_PREFIXES).value;
}

/** None with "dhcp" and "none", and where what is written is no address of the subnet. */
function assigned(attachment: Attachment, family: IpFamily): Assignment[] {
  const { nic, segment, tagged, path } = attachment;
  const subnet = family === IpFamily.V4 ? subnet4Of(segment) : subnet6Of(segment);
  if (subnet === undefined) return [];
  const key = family === IpFamily.V4 ? "address" : "address6";
  const got: unknown = tagged ? undefined : nic.spec[key];
  const place = { attachment, subnet, path: tagged ? path : nic.at(key), got };
  if (got === undefined) return [{ ...place, address: computedAddress(attachment, subnet), computed: true }];
  const written = readInterface(got, family, { widest: subnet.prefix, narrowest: subnet.prefix }).value;
  if (written === undefined || memberFault(subnet, written.address) !== undefined) return [];
  return [{ ...place, address: written.address, computed: false }];
}

/** More would not help: three quarters of the subnet being lent, one in a hundred million is left without. */
const TRIES = 64;

/**
 * By hash into the subnet without its first address, a gateway's; and again where that is taken by the segment's own
 * services, so that these move the fewest.
 */
function computedAddress({ nic, name, segment }: Attachment, subnet: Subnet): bigint | undefined {
  const lowest = subnet.first + 2n;
  const count = highestOf(subnet) - lowest + 1n;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const address = lowest + (hashNumber([name, nic.container, attempt]) % count);
    if (!isReserved(segment, subnet, address)) return address;
  }
  return undefined;
}

/** Whether an address is no container's to have unless it is lent. */
function isReserved(segment: SegmentSpec, { family }: Subnet, address: bigint): boolean {
  if (family === IpFamily.V6) return false;
  const range = dhcpRange(segment);
  return address === serviceAddress(segment) || (range !== undefined && contains(range, address));
}

function hashNumber(words: readonly (string | number)[]): bigint {
  return BigInt(`0x${createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, 32)}`);
}

/** The address next to `near`, with prefix length, that is neither taken nor reserved; undefined when there is none. */
export function nearestFree(
  { attachment: { segment }, subnet }: Assignment,
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
