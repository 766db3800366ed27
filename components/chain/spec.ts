/** The setting `chains.<name>`. */
import type { Fields, NamedSetting } from "../../plan/setting";

/**
 * What happens to a chain's packets when a middle box does not run.
 *
 * @example
 * ```ts
 * const webDb: ChainSpec = { from: "web", to: "db", through: ["fw"], failure: ChainFailure.Open };
 * ```
 */
export enum ChainFailure {
  Closed = "closed",
  Open = "open",
}

/**
 * Containers that the packets between two ends pass, in order, both ways.
 *
 * @example
 * ```ts
 * const webDb: ChainSpec = { from: "web", to: "db", through: ["firewall", "tap"] };
 * ```
 */
export interface ChainSpec {
  /** A container, or gateway for the gateway of the segment. */
  from: string;
  /** The other end, in the same segment; in the same form. */
  to: string;
  /**
   * Middle boxes, in the order from from to to: containers with the interfaces chain: in and chain: out (transparent),
   * or with an interface in the segment (routed); at most 8.
   */
  through: string[];
  /** When a middle box does not run; closed (the packets are dropped), open (they go on to the next hop). @default closed */
  failure?: ChainFailure;
  /**
   * With failure: open, a transparent middle box that misses three probes in a row is bypassed too: milliseconds between
   * two probes (docs/chains.md); 100 to 10000 milliseconds. @default none: a box that hangs with both links up is not
   * detected
   */
  probe?: number;
  /** The segment. @default the one that both ends are in */
  segment?: string;
}

/** The end that is not a container. */
export const GATEWAY = "gateway";

/** A frame that bypasses this many boxes is still far from Open vSwitch's limit of 64 nested resubmits. */
const MAX_BOXES = 8;

export const CHAIN = {
  from: { kind: "text", required: true, doc: "a container, or `gateway` for the gateway of the segment" },
  to: { kind: "text", required: true, doc: "the other end, in the same segment; in the same form" },
  through: {
    kind: "list",
    required: true,
    fewest: 1,
    most: MAX_BOXES,
    doc: `middle boxes, in the order from \`from\` to \`to\`: containers with the interfaces \`chain: in\` and \`chain: out\` (transparent), or with an interface in the segment (routed)`,
  },
  failure: {
    kind: "choice",
    choices: {
      [ChainFailure.Closed]: "the packets are dropped",
      [ChainFailure.Open]: "they go on to the next hop",
    },
    default: ChainFailure.Closed,
    doc: "when a middle box does not run",
  },
  probe: {
    kind: "integer",
    min: 100,
    max: 10_000,
    unit: "milliseconds",
    usual: "none: a box that hangs with both links up is not detected",
    doc: "with `failure: open`, a transparent middle box that misses three probes in a row is bypassed too: milliseconds between two probes ([chains.md](chains.md#probes))",
  },
  segment: { kind: "text", usual: "the one that both ends are in", doc: "the segment" },
} as const satisfies Fields<ChainSpec>;

export const CHAINS = {
  kind: "named",
  each: { kind: "section", fields: CHAIN, doc: "a service chain" },
  doc: "by chain name: as a segment's ([chains.md](chains.md))",
} as const satisfies NamedSetting;
