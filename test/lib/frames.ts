/** Ethernet frames, byte by byte. Checksums are right, so that a receiver would take them. */
import { addressNumber } from "../../plan/addresses";

export const ALL = "ff:ff:ff:ff:ff:ff";
export const ALL_NODES = "33:33:00:00:00:01";

/** @param vlan the frame is tagged with it */
export function ethernet(to: string, from: string, type: number, payload: Buffer, vlan?: number): Buffer {
  const tag = vlan === undefined ? [] : [short(0x8100), short(vlan)];
  return Buffer.concat([mac(to), mac(from), ...tag, short(type), payload]);
}

export function arp(op: 1 | 2, sender: [mac: string, ip: string], target: [mac: string, ip: string]): Buffer {
  const ends = [sender, target].flatMap(([hardware, protocol]) => [mac(hardware), address(protocol)]);
  return Buffer.concat([Buffer.from([0, 1, 8, 0, 6, 4]), short(op), ...ends]);
}

/** @param fragment the first of several */
export function ipv4(from: string, to: string, protocol: number, payload: Buffer, fragment = false): Buffer {
  const length = short(20 + payload.length);
  const ends = [address(from), address(to)];
  const head = (sum: number) =>
    Buffer.concat([
      Buffer.from([0x45, 0]),
      length,
      short(1),
      short(fragment ? 0x2000 : 0),
      Buffer.from([64, protocol]),
      short(sum),
      ...ends,
    ]);
  return Buffer.concat([head(checksum(head(0))), payload]);
}

export function ipv6(from: string, to: string, next: number, payload: Buffer): Buffer {
  const head = Buffer.from([0x60, 0, 0, 0, 0, 0, next, 255]);
  head.writeUInt16BE(payload.length, 4);
  return Buffer.concat([head, address(from), address(to), payload]);
}

/** Without its checksum, which IPv4 lets be 0. */
export function udp(from: number, to: number, payload: Buffer): Buffer {
  return Buffer.concat([short(from), short(to), short(8 + payload.length), short(0), payload]);
}

export function echo(type: 0 | 8): Buffer {
  const body = Buffer.from([type, 0, 0, 0, 0, 1, 0, 1]);
  body.writeUInt16BE(checksum(body), 2);
  return body;
}

/** Headers that may stand between IPv6 and ICMPv6: destination options, and the first fragment of several (RFC 8200). */
export const OPTIONS = Buffer.from([58, 0, 1, 4, 0, 0, 0, 0]);
export const FRAGMENT = Buffer.from([58, 0, 0, 1, 0, 0, 0, 7]);

/** @param extension one of the headers above */
export function icmp6(from: string, to: string, type: number, body: Buffer, extension?: Buffer): Buffer {
  const message = (sum: number) => Buffer.concat([Buffer.from([type, 0]), short(sum), body]);
  const last = Buffer.from([0, 0, 0, 58]);
  const pseudo = Buffer.concat([
    address(from),
    address(to),
    Buffer.from([0, 0]),
    short(4 + body.length),
    last,
  ]);
  const whole = message(checksum(Buffer.concat([pseudo, message(0)])));
  if (extension === undefined) return ipv6(from, to, 58, whole);
  return ipv6(from, to, extension === OPTIONS ? 60 : 44, Buffer.concat([extension, whole]));
}

/** Body of a neighbour solicitation or advertisement (RFC 4861 section 4.3, 4.4). */
export function neighbour(target: string, option?: [type: 1 | 2, mac: string]): Buffer {
  const flags = Buffer.from([0x20, 0, 0, 0]);
  const more = option === undefined ? [] : [Buffer.from([option[0], 1]), mac(option[1])];
  return Buffer.concat([flags, address(target), ...more]);
}

/** Of no use to who takes it: a lifetime of 0 (RFC 4861 section 4.2). */
export const routerAdvertisement = Buffer.from([64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

export function redirect(target: string, destination: string): Buffer {
  return Buffer.concat([Buffer.alloc(4), address(target), address(destination)]);
}

/** An offer of BOOTP's form, as far as its cookie and message type (RFC 2131). */
export function dhcpOffer(): Buffer {
  const fixed = Buffer.alloc(236);
  fixed.set([2, 1, 6, 0]);
  return Buffer.concat([fixed, Buffer.from([0x63, 0x82, 0x53, 0x63, 53, 1, 2, 255])]);
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function mac(text: string): Buffer {
  return Buffer.from(text.replaceAll(":", ""), "hex");
}

function address(text: string): Buffer {
  if (!text.includes(":")) return Buffer.from(text.split(".").map(Number));
  return Buffer.from(addressNumber(text).toString(16).padStart(32, "0"), "hex");
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
