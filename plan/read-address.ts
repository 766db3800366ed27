/** Text of addresses and subnets in, numbers and faults out. */
import { Address4, Address6 } from "ip-address";
import { addressNumber, contains, familyOf, overlap, subnetAround } from "./addresses";
import type { InterfaceAddress, Subnet } from "./addresses";
import { IpFamily } from "./net/family";

/** The value, or a text that says what is wrong. */
export type Reading<T> =
  { readonly value: T; readonly fault?: undefined } | { readonly value?: undefined; readonly fault: string };

interface Bounds {
  widest: number;
  narrowest: number;
}

/**
 * /8 is the largest private network of IPv4 (RFC 1918), and a /30 the smallest that holds a gateway and a host. For IPv6, a /32 is what a
 * provider gets, and a /120 has as many addresses as IPv4's /24.
 */
const PREFIXES: Readonly<Record<IpFamily, Bounds>> = {
  [IpFamily.V4]: { widest: 8, narrowest: 30 },
  [IpFamily.V6]: { widest: 32, narrowest: 120 },
};

/** Prefix lengths of a segment's IPv6 subnet: hosts have 64 bits at most (RFC 4291 section 2.5.1). */
export const SEGMENT6_PREFIXES: Bounds = { widest: 64, narrowest: 120 };

/**
 * A literal address without prefix length: `192.168.10.156`.
 *
 * @param family the one that it must be of; without it, either
 */
export function readAddress(got: unknown, family?: IpFamily): Reading<bigint> {
  const read = readLiteral(got, family);
  if (read.fault !== undefined) return read;
  const fault = specialFault(read.value);
  return fault === undefined ? read : { fault };
}

/** A literal multicast address. */
export function readGroup(got: unknown, family: IpFamily): Reading<bigint> {
  const read = readLiteral(got, family);
  if (read.fault !== undefined || isMulticast(read.value)) return read;
  return { fault: `Is not a multicast address: ${family === IpFamily.V4 ? "224.0.0.0/4" : "ff00::/8"}.` };
}

/** An address with prefix length: `10.1.2.10/24`. */
export function readInterface(got: unknown, family?: IpFamily, prefixes?: Bounds): Reading<InterfaceAddress> {
  if (typeof got !== "string") return { fault: absence(got) };
  const [literal = "", prefix, ...rest] = got.split("/");
  const address = readAddress(literal, family);
  if (address.fault !== undefined) return address;
  if (prefix === undefined) return { fault: "Has no prefix length." };
  const { widest, narrowest } = prefixes ?? PREFIXES[familyOf(address.value)];
  const fits = /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) >= widest && Number(prefix) <= narrowest;
  if (!fits || rest.length > 0) return { fault: `Its prefix length must be ${widest} to ${narrowest}.` };
  const subnet = subnetAround(address.value, Number(prefix));
  const fault = specialFault(address.value, subnet);
  return fault === undefined ? { value: { address: address.value, subnet } } : { fault };
}

/** A subnet by its network address: `10.0.3.0/24`. */
export function readSubnet(got: unknown, family?: IpFamily, prefixes?: Bounds): Reading<Subnet> {
  const read = readInterface(got, family, prefixes);
  if (read.fault !== undefined) return read;
  const { address, subnet } = read.value;
  if (address !== subnet.first) return { fault: `Has host bits set: the subnet is ${subnet.cidr}.` };
  return { value: subnet };
}

function absence(got: unknown): string {
  return got === undefined ? "Is missing." : "Must be text in quotes.";
}

function readLiteral(got: unknown, family?: IpFamily): Reading<bigint> {
  if (typeof got !== "string") return { fault: absence(got) };
  const fault = got.includes(":") ? literal6Fault(got) : literal4Fault(got, family);
  if (fault !== undefined) return { fault };
  const value = addressNumber(got);
  const own = got.includes(":") ? IpFamily.V6 : IpFamily.V4;
  if (family !== undefined && own !== family)
    return { fault: `Is an IPv${own} address, but this setting takes IPv${family}.` };
  if (own === familyOf(value)) return { value };
  return { fault: "Is an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2)." };
}

function literal6Fault(text: string): string | undefined {
  if (text.includes("/")) return "Has a prefix length, which this setting does not take.";
  if (text.includes("%")) return "Has a zone index, which is valid on one computer only.";
  return Address6.isValid(text) ? undefined : "Is not an IPv6 address (RFC 4291 section 2.2).";
}

function literal4Fault(text: string, family: IpFamily | undefined): string | undefined {
  if (text.includes("/")) return "Has a prefix length, which this setting does not take.";
  if (/^\d+(\.\d+){3}$/.test(text) && /(^|\.)0\d/.test(text))
    return "Has leading zeros, which some programs read as octal.";
  // Open vSwitch accepts no names for tunnels (ovs-vswitchd.conf.db(5), remote_ip), and a plan cannot resolve names.
  if (/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(text) && /[A-Za-z]/.test(text))
    return "Is a name, but this setting takes a literal IP address.";
  if (Address4.isValid(text)) return undefined;
  if (family === IpFamily.V6) return "Is not an IPv6 address (RFC 4291 section 2.2).";
  return "Is not an IPv4 address: four numbers from 0 to 255 separated by dots.";
}

function isMulticast(address: bigint): boolean {
  return MULTICAST.some((one) => holds(one, address));
}

interface Range extends Subnet {
  /** A description of its addresses, as the end of a sentence. */
  what: string;
}

/** IPv4 addresses lie inside ::/8, where IPv6 maps them. */
function holds(one: Subnet, address: bigint): boolean {
  return one.family === familyOf(address) && contains(one, address);
}

function range(first: string, prefix: number, what: string): Range {
  return { ...subnetAround(addressNumber(first), prefix), what };
}

const MULTICAST = [
  range("224.0.0.0", 4, "multicast (224.0.0.0/4, RFC 5771)"),
  range("ff00::", 8, "multicast (ff00::/8, RFC 4291 section 2.7)"),
];

/**
 * Addresses that a machine or network of a lab cannot have: special-purpose addresses that are not forwarded, or cannot be a source
 * or destination (RFC 6890, tables 1 to 20), and multicast. Others of these tables work inside a lab: private use, shared
 * address space (100.64.0.0/10), documentation, benchmarking. Of ranges that lie in each other, the smaller is first.
 */
const SPECIAL: readonly Range[] = [
  range("0.0.0.0", 8, '"this network" (0.0.0.0/8)'),
  range("127.0.0.0", 8, "loopback (127.0.0.0/8)"),
  ...MULTICAST,
  range("240.0.0.0", 4, "reserved (240.0.0.0/4)"),
  range("::1", 128, "loopback (::1)"),
  range("::", 128, '"no address" (::)'),
  range("::", 8, "reserved (::/8)"),
  range("fe80::", 10, "link-local (fe80::/10): the same on every network"),
];

/** Not allowed for a lab's networks either, but for a name server, or a host on the same link. */
const SPECIAL_NETWORKS: readonly Range[] = [
  ...SPECIAL,
  range("169.254.0.0", 16, "link-local (169.254.0.0/16): the same on every network"),
];

/** Why a machine cannot have an address, or a network around one; undefined when it can. */
function specialFault(address: bigint, subnet?: Subnet): string | undefined {
  const special = subnet === undefined ? SPECIAL : SPECIAL_NETWORKS;
  const own = special.find((one) => holds(one, address));
  if (own !== undefined) return `Is ${own.what}.`;
  const inside = subnet && special.find((one) => one.family === subnet.family && overlap(one, subnet));
  return inside === undefined
    ? undefined
    : `Its network ${subnet?.cidr} contains addresses that are ${inside.what}.`;
}
