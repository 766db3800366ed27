/** How a chain's packets get from host to host: by Open vSwitch tunnels of the chain's own, whatever way to flood the segment has. */
import { createHash } from "node:crypto";
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS } from "../../plan/net/encap";
import type { Encapsulation } from "../../plan/net/encap";
import type { ResolvedSegment } from "../../plan/resolved";
import { wayOf } from "../segment/ways";
import type { ResolvedChain, ResolvedHop } from "./resolved";

/** The two ends, with the middle boxes between them. */
export function hopsOf({ from, through, to }: ResolvedChain): ResolvedHop[] {
  return [from, ...through, to];
}

/** The segment's encapsulation and UDP port, unless the kernel, not Open vSwitch, receives on that port. */
export function carrierOf({ flooding, encapsulation, udpPort }: ResolvedSegment): {
  encapsulation: Encapsulation;
  udpPort: number;
} {
  if (wayOf(flooding).receiver === undefined) return { encapsulation, udpPort };
  return { encapsulation: DEFAULT_ENCAPSULATION, udpPort: ENCAPSULATIONS[DEFAULT_ENCAPSULATION].udpPort };
}

const LOWEST_VNI = 0x800000;

/** The VNI of packets for a hop: 23 bits of a hash, in the upper half of all VNIs. It also distinguishes the hops of one chain. */
export function hopVni(lab: string, chain: string, hop: string): number {
  const digest = createHash("sha256")
    .update(JSON.stringify([lab, "chain", chain, hop]))
    .digest();
  return LOWEST_VNI + (digest.readUIntBE(0, 3) % LOWEST_VNI);
}
