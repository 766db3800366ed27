/** Cookies of a chain's flows. They identify what each flow counts. */
import type { HopPlan } from "./planned";

/** What a flow is for: the last two digits of its cookie, in the direction of `to` and in that of `from`. */
export const ROLE = {
  /** An end or a middle box sends. */
  leaves: ["01", "02"],
  /** A hop is reached. */
  reaches: ["03", "04"],
  /** A packet comes out of a tunnel. */
  tunnel: ["05", "05"],
  /** A packet bypasses the chain, and is dropped. */
  guard: ["06", "06"],
  discovery: ["07", "07"],
  /** Packets outside the chain that a middle box sends, or that arrive by a tunnel. */
  closed: ["08", "08"],
  /** A middle box that is not running is bypassed. */
  passes: ["09", "0a"],
  /** A middle box that may be bypassed is given a packet. */
  delivered: ["0b", "0c"],
  next: ["11", "12"],
} as const;

export type Role = keyof typeof ROLE;

/** A chain, of which the VNI of its first end is enough. */
interface Hops {
  hops: readonly [Pick<HopPlan, "vni">, ...unknown[]];
}

export const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0");

/** 0x5f, the chain (the VNI of its first end), the hop (its VNI), the role. */
export function cookieOf({ hops: [first] }: Hops, { vni }: Pick<HopPlan, "vni">, role: string): string {
  return `0x5f${hex(first.vni, 6)}${hex(vni, 6)}${role}`;
}

/** VALUE/MASK of all flows of one part of the chain. */
export function cookiesOf({ hops: [first] }: Hops, part: "hops" | "next"): string {
  return `0x5f${hex(first.vni, 6)}000000${part === "hops" ? "00" : "10"}/0xffffffff000000f0`;
}
