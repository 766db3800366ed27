/** Service chains in a plan, and in the stack output `lab`, whose schema for other languages has no tuples and no unions. */
import type { Encapsulation } from "../../plan/net/encap";
import type { ChainFailure } from "./spec";

/**
 * A service chain in the stack output `lab`.
 *
 * @example
 * ```ts
 * const boxesOf = ({ hops }: ChainOutput) => hops.slice(1, -1).map(({ name, host }) => `${name}@${host}`);
 * ```
 */
export interface ChainOutput {
  name: string;
  segment: string;
  failure: ChainFailure;
  /** Milliseconds between two probes of a transparent middle box; absent: there are none. */
  probe?: number;
  /** How its packets are carried between hosts. */
  encapsulation: Encapsulation;
  udpPort: number;
  /** The two ends, with the middle boxes between them. */
  hops: HopOutput[];
}

/**
 * An end or a middle box of a chain in the stack output `lab`.
 *
 * @example
 * ```ts
 * const isTransparent = ({ ports }: HopOutput) => ports.length === 2;
 * ```
 */
export interface HopOutput {
  /** The container's, or `gateway`. */
  name: string;
  host: string;
  /** VTEP of its host. */
  vtep: string;
  /** VNI of packets to it between hosts. */
  vni: number;
  /** The host's port that leads to it. A transparent middle box has two: the one towards `from`, and the one towards `to`. */
  ports: string[];
  /** Absent for a transparent middle box, whose MACs do not matter. */
  mac?: string;
  /** Without prefix length. */
  addresses: string[];
  /** Source prefixes that an end may send from; absent: all. */
  sources?: string[];
  /** True for a gateway: it forwards packets for other addresses than its own. */
  gateway?: boolean;
}

/**
 * A service chain: what the packets between two ends pass, both ways.
 *
 * @example
 * ```ts
 * const boxesOf = ({ hops }: ChainPlan) => hops.slice(1, -1).map(({ name, host }) => `${name}@${host}`);
 * ```
 */
export interface ChainPlan extends ChainOutput {
  hops: [EndPlan, ...HopPlan[], EndPlan];
}

/**
 * An end or a middle box of a chain.
 *
 * @example
 * ```ts
 * const isTransparent = ({ ports }: HopPlan) => ports.length === 2;
 * ```
 */
export type HopPlan = EndPlan | TransparentHopPlan;

/**
 * A hop with a MAC: an end, or a routed middle box.
 *
 * @example
 * ```ts
 * const macsOf = ({ hops: [from] }: ChainPlan): string => from.mac;
 * ```
 */
export interface EndPlan extends HopOutput {
  ports: [string];
  mac: string;
}

/**
 * A middle box that forwards frames unchanged.
 *
 * @example
 * ```ts
 * const sidesOf = ({ ports: [towardsFrom, towardsTo] }: TransparentHopPlan) => `${towardsFrom} | ${towardsTo}`;
 * ```
 */
export interface TransparentHopPlan extends HopOutput {
  ports: [string, string];
  mac?: undefined;
}
