/** Service chains that have been read (plan/resolved.ts). */
import type { ResolvedSegment } from "../../plan/resolved-ground";
import type { ChainFailure, ChainSpec } from "./spec";

export interface ResolvedChain {
  name: string;
  spec: ChainSpec;
  failure: ChainFailure;
  /** Milliseconds between two probes of a middle box. */
  probe?: number;
  segment: ResolvedSegment;
  from: ResolvedHop;
  through: readonly ResolvedHop[];
  to: ResolvedHop;
}

/** An end or a middle box. */
export interface ResolvedHop {
  /** Name of the container, or `gateway` (components/chain/spec.ts). */
  name: string;
  host: string;
  /** Its interface in the segment, by number; undefined: the gateway, or a transparent middle box. */
  nic?: number;
  /** Interfaces of a transparent middle box towards both ends, by number. */
  sides?: { in: number; out: number };
}
