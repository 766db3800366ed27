/** Addresses as numbers: comparing and counting need no library. Parsing and printing are the ip-address package's. */
import { Address4, Address6 } from "ip-address";
import { IpFamily } from "./net/family";

/**
 * Both families are 128-bit numbers, IPv4 as its IPv4-mapped IPv6 address (::ffff:0:0/96, RFC 4291 section 2.5.5.2), so addresses are equal
 * exactly if their numbers are.
 */
const MAPPED = 0xffff_0000_0000n;
const IPV4_COUNT = 1n << 32n;

export interface Subnet {
  readonly cidr: string;
  readonly family: IpFamily;
  readonly prefix: number;
  /** IPv4's network address, IPv6's Subnet-Router anycast address (RFC 4291 section 2.6.1). */
  readonly first: bigint;
  /** IPv4's broadcast address; an address like any other of IPv6. */
  readonly last: bigint;
}

/** The family of a literal; undefined for a text that is not an address. */
export function literalFamily(text: string): IpFamily | undefined {
  if (Address4.isValid(text)) return IpFamily.V4;
  return Address6.isValid(text) ? IpFamily.V6 : undefined;
}

/** An address together with the subnet that its prefix length makes. */
export interface InterfaceAddress {
  readonly address: bigint;
  readonly subnet: Subnet;
}

export function familyOf(address: bigint): IpFamily {
  return address >= MAPPED && address < MAPPED + IPV4_COUNT ? IpFamily.V4 : IpFamily.V6;
}

/** The number of a valid literal. */
export function addressNumber(text: string): bigint {
  return text.includes(":") ? new Address6(text).bigInt() : MAPPED + new Address4(text).bigInt();
}

/** The number of a text that may be a literal; undefined if it is not. */
export function literalNumber(text: unknown): bigint | undefined {
  return typeof text === "string" && literalFamily(text) !== undefined ? addressNumber(text) : undefined;
}

/** The canonical text of an address: IPv6 as in RFC 5952. */
export function addressText(address: bigint): string {
  return familyOf(address) === IpFamily.V4
    ? Address4.fromBigInt(address - MAPPED).correctForm()
    : Address6.fromBigInt(address).correctForm();
}

export function prefixed(address: bigint, { prefix }: Subnet): string {
  return `${addressText(address)}/${prefix}`;
}

/** The subnet around an address. */
export function subnetAround(address: bigint, prefix: number): Subnet {
  const family = familyOf(address);
  const size = 1n << BigInt((family === IpFamily.V4 ? 32 : 128) - prefix);
  const first = address - (address % size);
  return { cidr: `${addressText(first)}/${prefix}`, family, prefix, first, last: first + size - 1n };
}

/** Where a default route leads. */
export const EVERYTHING: Readonly<Record<IpFamily, Subnet>> = {
  [IpFamily.V4]: subnetAround(addressNumber("0.0.0.0"), 0),
  [IpFamily.V6]: subnetAround(addressNumber("::"), 0),
};

/** The first usable address: the hypervisor's in an underlay, the gateway's in a segment. */
export function gatewayOf(subnet: Subnet): bigint {
  return subnet.first + 1n;
}

/** The last address that a machine of the subnet can have. */
export function highestOf({ family, last }: Subnet): bigint {
  return family === IpFamily.V4 ? last - 1n : last;
}

/** The subnets of a segment, IPv4 first. */
export function networksIn({ subnet, subnet6 }: { subnet?: Subnet; subnet6?: Subnet }): Subnet[] {
  return [subnet, subnet6].filter((one) => one !== undefined);
}

export function contains(subnet: Pick<Subnet, "first" | "last">, address: bigint): boolean {
  return address >= subnet.first && address <= subnet.last;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Why an address cannot belong to a machine of the subnet; undefined when it can. */
export function memberFault(subnet: Subnet, address: bigint): string | undefined {
  if (!contains(subnet, address)) return `Is outside ${subnet.cidr}.`;
  if (address === subnet.first) return `Is the network address of ${subnet.cidr}.`;
  if (address > highestOf(subnet)) return `Is the broadcast address of ${subnet.cidr}.`;
  return undefined;
}

/** The usable addresses of a subnet, for a cure: `10.0.3.1 to 10.0.3.254`. */
export function usableRange(subnet: Subnet, skip = 0n): string {
  return `${addressText(subnet.first + 1n + skip)} to ${addressText(highestOf(subnet))}`;
}
