/** IPv4 arithmetic: text in, numbers and faults out. Parsing proper is the ip-address package's. */
import { Address4 } from "ip-address";

/** Addresses are unsigned 32-bit numbers here, so that comparing and counting need no library. */
export interface Subnet {
  readonly cidr: string;
  readonly prefix: number;
  /** The network address. */
  readonly first: number;
  /** The broadcast address. */
  readonly last: number;
}

/** An address together with the subnet that its prefix length makes. */
export interface InterfaceAddress {
  readonly address: number;
  readonly subnet: Subnet;
}

/** What was read, or in words what is wrong with the text. */
export type Reading<T> =
  { readonly value: T; readonly fault?: undefined } | { readonly value?: undefined; readonly fault: string };

/** /8 is the largest private network (RFC 1918); a /30 is the smallest that holds a gateway and a host. */
export const WIDEST_PREFIX = 8;
export const NARROWEST_PREFIX = 30;

/** A literal address without prefix length: `192.168.10.156`. */
export function readAddress(got: unknown): Reading<number> {
  if (typeof got !== "string")
    return { fault: got === undefined ? "Is missing." : "Must be text in quotes." };
  const fault = literalFault(got);
  if (fault !== undefined) return { fault };
  const value = numberOf(new Address4(got));
  const special = specialFault(value);
  return special === undefined ? { value } : { fault: special };
}

/** An address with prefix length: `10.1.2.10/24`. */
export function readInterface(got: unknown): Reading<InterfaceAddress> {
  if (typeof got !== "string")
    return { fault: got === undefined ? "Is missing." : "Must be text in quotes." };
  const [literal = "", prefix, ...rest] = got.split("/");
  if (prefix === undefined && literalFault(literal) === undefined) return { fault: "Has no prefix length." };
  const address = readAddress(literal);
  if (address.fault !== undefined) return address;
  const fits =
    /^[1-9]\d?$/.test(prefix ?? "") && Number(prefix) >= WIDEST_PREFIX && Number(prefix) <= NARROWEST_PREFIX;
  if (!fits || rest.length > 0)
    return { fault: `Its prefix length must be ${WIDEST_PREFIX} to ${NARROWEST_PREFIX}.` };
  return { value: { address: address.value, subnet: subnetOf(got) } };
}

/** A subnet by its network address: `10.0.3.0/24`. */
export function readSubnet(got: unknown): Reading<Subnet> {
  const read = readInterface(got);
  if (read.fault !== undefined) return read;
  const { address, subnet } = read.value;
  if (address !== subnet.first)
    return { fault: `Is an address inside a subnet, not a subnet: that would be ${subnet.cidr}.` };
  return { value: subnet };
}

/** The address that the hypervisor holds in the underlay: its first usable one. */
export function gatewayOf(subnet: Subnet): number {
  return subnet.first + 1;
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.first && address <= subnet.last;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function addressText(address: number): string {
  return Address4.fromBigInt(BigInt(address)).correctForm();
}

/** Why an address cannot belong to a machine of the subnet; undefined when it can. */
export function memberFault(subnet: Subnet, address: number): string | undefined {
  if (!contains(subnet, address)) return `Is outside ${subnet.cidr}.`;
  if (address === subnet.first) return `Is the network address of ${subnet.cidr}.`;
  if (address === subnet.last) return `Is the broadcast address of ${subnet.cidr}.`;
  return undefined;
}

/** The usable addresses of a subnet, for a cure: `10.0.3.1 to 10.0.3.254`. */
export function usableRange(subnet: Subnet, skip = 0): string {
  return `${addressText(subnet.first + 1 + skip)} to ${addressText(subnet.last - 1)}`;
}

function subnetOf(text: string): Subnet {
  const parsed = new Address4(text);
  const first = parsed.startAddress();
  return {
    cidr: `${first.correctForm()}/${parsed.subnetMask}`,
    prefix: parsed.subnetMask,
    first: numberOf(first),
    last: numberOf(parsed.endAddress()),
  };
}

function numberOf(address: Address4): number {
  return Number(address.bigInt());
}

function literalFault(text: string): string | undefined {
  if (text.includes(":")) return "Is an IPv6 address: the addresses of a lab are IPv4.";
  if (text.includes("/")) return "Has a prefix length, which this setting does not take.";
  if (/^\d+(\.\d+){3}$/.test(text) && /(^|\.)0\d/.test(text))
    return "Has leading zeros, which some programs read as octal.";
  if (/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(text) && /[A-Za-z]/.test(text)) {
    return "Is a name: Open vSwitch takes literal addresses only (ovs-vswitchd.conf.db(5), remote_ip).";
  }
  return Address4.isValid(text)
    ? undefined
    : "Is not an IPv4 address: four numbers from 0 to 255 with dots between.";
}

/** Ranges that no machine can have (RFC 6890, RFC 5771, RFC 1112 section 4). */
function specialFault(address: number): string | undefined {
  const head = Math.floor(address / 2 ** 24);
  if (head === 0) return 'Is in 0.0.0.0/8, which means "this network".';
  if (head === 127) return "Is a loopback address.";
  if (head >= 224 && head <= 239) return "Is a multicast address.";
  return head >= 240 ? "Is in 240.0.0.0/4, which is reserved." : undefined;
}
