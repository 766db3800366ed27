/** Names of interfaces: readable if they fit into the kernel's limit, otherwise shortened with a hash. */
import { createHash } from "node:crypto";
import { Address4 } from "ip-address";

/** IFNAMSIZ is 16 with its closing NUL (linux/if.h). */
export const MAX_INTERFACE_NAME = 15;

const NAME_HASH = 4;

/**
 * The host's end of a container's veth pair: `v-c1`; for a name of 14 or 15 characters `v-` + 8 + `-` + 4 of its hash.
 *
 * @param number of the interface inside, eth0, eth1, …: `v-c1_1` is eth1's. No container has a _ in its name
 * @example
 * ```ts
 * const veth = vethName("c1"); // v-c1
 * ```
 */
export function vethName(container: string, number = 0): string {
  return shortened("v-", number === 0 ? container : `${container}_${number}`);
}

/** A container's interface, inside it, by number: `eth0`. */
export const nicName = (number: number): string => `eth${number}`;

/** One VLAN of a trunk, inside the container: `eth0.20`. Scripts call it so too (next_tag in components/container/nics.sh). */
export const taggedName = (nic: string, vlan: number): string => `${nic}.${vlan}`;

/** The host's end of the veth pair for a container's published ports: `p-c1`. */
export function portsDevice(container: string): string {
  return shortened("p-", container);
}

/**
 * The interface of a segment's DHCP server and gateway: `gw-red`.
 *
 * @example
 * ```ts
 * const device = serviceDevice("red"); // gw-red
 * ```
 */
export function serviceDevice(segment: string): string {
  return shortened("gw-", segment);
}

/** The name of a segment's further gateway; the segment's own gateway has the segment's name. Names of segments contain no @. */
export function gatewayName(segment: string, host: string): string {
  return `${segment}@${host}`;
}

interface ServiceAt {
  segment: string;
  host: string;
  further?: boolean;
}

/** Distinguishes a DHCP server or gateway from the others of a lab. */
export function serviceName({ segment, host, further = false }: ServiceAt): string {
  return further ? gatewayName(segment, host) : segment;
}

/**
 * The interface that an impairment leads packets through: `i-slow`.
 *
 * @param number of the place on its host: `i-slow_1`. No impairment has a _ in its name
 * @example
 * ```ts
 * const device = impairmentDevice("slow"); // i-slow
 * ```
 */
export function impairmentDevice(impairment: string, number = 0): string {
  return shortened("i-", number === 0 ? impairment : `${impairment}_${number}`);
}

function shortened(prefix: string, name: string): string {
  const readable = prefix + name;
  if (readable.length <= MAX_INTERFACE_NAME) return readable;
  const kept = readable.slice(0, MAX_INTERFACE_NAME - NAME_HASH - 1);
  return `${kept}-${hashText(name).slice(0, NAME_HASH)}`;
}

/** The largest VNI that leaves room for 8 hexadecimal digits in the name. */
const MAX_DECIMAL_VNI = 9999;
/** Digits in base 36 that hold every VNI (24 bits), and every IPv4 address (32 bits). */
const VNI_DIGITS = 5;
const ADDRESS_DIGITS = 7;

/**
 * The tunnel port towards one remote in one segment: `vx100-c0a80ade` for VNI 100 and 192.168.10.222. An IPv4 address is written
 * in hexadecimal; of an IPv6 address it is a hash.
 *
 * From VNI 10000 on both are written in base 36, all of their digits: `vx05yc1-1h8fzta`. So the names of two IPv4 remotes always
 * differ; two IPv6 remotes may collide and are then refused (check-unique.ts).
 *
 * @example
 * ```ts
 * const port = tunnelName(100, "192.168.10.222"); // vx100-c0a80ade
 * ```
 */
export function tunnelName(vni: number, remoteAddress: string): string {
  const address4 = Address4.isValid(remoteAddress) ? new Address4(remoteAddress).bigInt() : undefined;
  if (vni <= MAX_DECIMAL_VNI) {
    const digits = address4?.toString(16).padStart(8, "0") ?? hashText(remoteAddress).slice(0, 8);
    return `vx${vni}-${digits}`;
  }
  const number = address4 ?? BigInt(`0x${hashText(remoteAddress)}`) % 36n ** BigInt(ADDRESS_DIGITS);
  return `vx${base36(vni, VNI_DIGITS)}-${base36(number, ADDRESS_DIGITS)}`;
}

const base36 = (number: number | bigint, digits: number): string => number.toString(36).padStart(digits, "0");

/**
 * What a segment with Flooding.Flow has on a host: a bridge of its own (`bf100` for VNI 100) with the tunnel port (`vf100`), and the
 * patch port of the host's bridge (`pf100`) with its peer on the segment's (`pb100`).
 */
export function flowDevices(vni: number) {
  return { bridge: `bf${vni}`, tunnel: `vf${vni}`, patch: `pf${vni}`, peer: `pb${vni}` };
}

/** What a segment with Flooding.Multicast has on a host: the kernel's vxlan device, `vm100` for VNI 100. */
export function multicastDevices(vni: number) {
  return { tunnel: `vm${vni}` };
}

/**
 * What a segment with Flooding.Evpn has on a host: a Linux bridge (`be100` for VNI 100) with the kernel's vxlan device (`ve100`) and an
 * internal port of the host's bridge (`oe100`).
 */
export function evpnDevices(vni: number) {
  return { bridge: `be${vni}`, tunnel: `ve${vni}`, port: `oe${vni}` };
}

/** The tunnel port by which frames for one hop of a chain leave and arrive, by the hop's VNI (6 hexadecimal digits): `cf8a3b2c`. */
export function chainTunnel(vni: number): string {
  return `cf${vni.toString(16)}`;
}

/** VLAN of ports that frames reach only by flows that name them: reserved by IEEE 802.1Q, so no segment has it. */
export const DEAD_VLAN = 4095;

/** Names that the kernel, Open vSwitch or the guest itself uses: a bridge of that name would break the host. */
const TAKEN = /^(lo|eth\d+|all|default|ovs-system|ovs-netdev|(vxlan|geneve|genev|gre|erspan)_sys.*)$/;

/** Why a bridge cannot have this name; undefined when it can. */
export function bridgeNameFault(got: unknown): string | undefined {
  if (typeof got !== "string" || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(got)) {
    return "Is not an interface name: a letter or digit first, then letters, digits, _ . or -.";
  }
  if (got.length > MAX_INTERFACE_NAME) {
    return `Is ${got.length} bytes long: the kernel takes ${MAX_INTERFACE_NAME} (IFNAMSIZ).`;
  }
  return TAKEN.test(got) ? "Is reserved by the kernel or Open vSwitch." : undefined;
}

/** Why a host cannot have this name; undefined when it can. */
export function hostNameFault(name: string): string | undefined {
  const label = /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/;
  return label.test(name)
    ? undefined
    : "Is not a host name: 1 to 15 characters from a-z, 0-9 and -, without - at either end.";
}

/** Why a container or a segment cannot have this name; undefined when it can. */
export function labelFault(name: string): string | undefined {
  const label = /^[a-z0-9][a-z0-9-]{0,14}$/;
  return label.test(name)
    ? undefined
    : "Is not a name: 1 to 15 characters from a-z, 0-9 and -, without - at the start.";
}

function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
