/** MAC addresses, computed from the thing that they belong to, so that only a rename changes them. */
import { createHash } from "node:crypto";

/**
 * What a computed address belongs to; the text is hashed, so changing it changes every address.
 *
 * @example
 * ```ts
 * const mac = computedMac("organization/project/stack", MacKind.Bridge, "kvm1");
 * ```
 */
export enum MacKind {
  Machine = "machine",
  Bridge = "bridge",
  Container = "container",
  Service = "service",
}

/**
 * Prefixes keep the kinds apart. All are unicast (bit 0 of the first byte clear) and locally administered
 * (bit 1 set; IEEE 802, 8.2.2). 52:54:00 is QEMU's and libvirt's own for virtual machines.
 */
const PREFIX: Readonly<Record<MacKind, readonly number[]>> = {
  [MacKind.Machine]: [0x52, 0x54, 0x00],
  [MacKind.Bridge]: [0x0a],
  [MacKind.Container]: [0x02],
  [MacKind.Service]: [0x06],
};

/**
 * The computed address of a thing: the kind's prefix, then bytes of SHA-256 over lab, kind and name.
 *
 * @param number of the thing's interface, from 0; the first interface's address does not depend on the number
 * @example
 * ```ts
 * const mac = computedMac("organization/project/stack", MacKind.Container, "c1"); // 02:…
 * ```
 */
export function computedMac(lab: string, kind: MacKind, name: string, number = 0): string {
  // JSON keeps ("a", "bc") and ("ab", "c") apart.
  const digest = createHash("sha256")
    .update(JSON.stringify([lab, kind, name, ...(number === 0 ? [] : [number])]))
    .digest();
  const prefix = PREFIX[kind];
  const bytes = [...prefix, ...digest.subarray(0, 6 - prefix.length)];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** The canonical text of an address in a plan. */
export function normalMac(mac: string): string {
  return mac.toLowerCase();
}

export const MAC_CURE =
  "Write another address, such as 52:54:00 and three bytes of your own, or leave it out.";

/** Why an interface cannot have the address; undefined if it can. */
export function macFault(got: unknown): string | undefined {
  if (typeof got !== "string" || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(got)) {
    return "Is not a MAC address: six hexadecimal bytes separated by colons.";
  }
  if (/^[0:]+$/.test(got)) return "Is the all-zero address, which no interface can have.";
  const multicast = (parseInt(got.slice(0, 2), 16) & 1) === 1;
  return multicast ? "Is a multicast address: bit 0 of its first byte is set." : undefined;
}
