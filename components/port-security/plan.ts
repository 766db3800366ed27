/** Port security: the source prefixes that a container's interface may send from. components/port-security/security.awk makes flows of them. */
import { addressNumber, addressText, familyOf, overlap, subnetAround } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { IpFamily } from "../../plan/net/family";

/** An interface, or one VLAN of a trunk. */
export interface Sender {
  mac: string;
  /** With or without prefix length. */
  addresses: readonly string[];
  /** Takes its IPv4 address from a DHCP server. @default false */
  dhcp?: boolean;
  /** First and last address that the server lends. @default unknown: the client may have every IPv4 address */
  range?: { first: string; last: string };
}

/** Every IPv4 and every IPv6 address. */
const ANY4 = "0.0.0.0/0";
const ANY6 = "::/0";

/**
 * Its own addresses, the DHCP range that its address can come from, and the link-local address of its MAC. All addresses if none is known.
 */
export function allowedSources({ mac, addresses, dhcp = false, range }: Sender): string[] {
  if (addresses.length === 0 && !dhcp) return [ANY4, ANY6];
  const lent = !dhcp ? [] : range === undefined ? [ANY4] : rangePrefixes(range.first, range.last);
  return [...addresses.map(single), ...lent, single(linkLocal(mac))];
}

/**
 * Networks that a router must not forward from, although `forwards` covers them: those of its own addresses that lie inside a forwarded
 * network and contain none.
 */
export function ownNetworks(forwards: readonly string[], addresses: readonly string[]): string[] {
  const networks = forwards.map(networkOf);
  const own = addresses.map(networkOf).filter((one) => {
    const around = networks.some(
      (other) => other.family === one.family && other.prefix < one.prefix && overlap(other, one),
    );
    const inside = networks.some(
      (other) => other.family === one.family && other.prefix >= one.prefix && overlap(other, one),
    );
    return around && !inside;
  });
  return [...new Set(own.map(({ cidr }) => cidr))];
}

function networkOf(text: string): Subnet {
  const [literal = "", prefix = ""] = text.split("/");
  return subnetAround(addressNumber(literal), Number(prefix));
}

function single(address: string): string {
  const literal = addressNumber(address.split("/")[0] ?? address);
  return `${addressText(literal)}/${width(literal)}`;
}

function width(address: bigint): number {
  return familyOf(address) === IpFamily.V4 ? 32 : 128;
}

/** Linux' default link-local address of an interface (RFC 4291 appendix A, modified EUI-64). */
export function linkLocal(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(":").map((byte) => parseInt(byte, 16));
  // The universal/local bit is inverted.
  const bytes = [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
  const id = bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n);
  return addressText((0xfe80n << 112n) + id);
}

/** The smallest list of prefixes that covers exactly the addresses from first to last, in order. */
export function rangePrefixes(first: string, last: string): string[] {
  const end = addressNumber(last);
  const prefixes: string[] = [];
  for (let at = addressNumber(first); at <= end;) {
    let bits = 0n;
    // The largest prefix that starts here and does not reach beyond the end.
    while (at % (2n << bits) === 0n && at + (2n << bits) - 1n <= end) bits++;
    prefixes.push(`${addressText(at)}/${BigInt(width(at)) - bits}`);
    at += 1n << bits;
  }
  return prefixes;
}
