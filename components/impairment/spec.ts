/** The setting `impairments.<name>`: what a network does wrong on purpose. */
import type { Fields, NamedSetting } from "../../plan/setting";

/**
 * Which way packets go that are impaired.
 *
 * @example
 * ```ts
 * const slow: ImpairmentSpec = { container: "c1", direction: Direction.Out, delay: "50ms" };
 * ```
 */
export enum Direction {
  Both = "both",
  /** From the container, or from the first host to the second. */
  Out = "out",
  /** To the container, or from the second host to the first. */
  In = "in",
}

/**
 * An impairment: where it is, and what happens to packets there.
 *
 * @example
 * ```ts
 * const slow: ImpairmentSpec = { between: ["kvm1", "kvm2"], delay: "50ms", loss: "1%" };
 * ```
 */
export interface ImpairmentSpec extends ImpairmentEffects {
  /** Two hosts: tunnel packets between them are impaired, and nothing else; this or container. @default none */
  between?: string[];
  /** A container: what its interfaces send and receive is impaired; this or between. @default none */
  container?: string;
  /** One interface of the container, such as eth0; with container only. @default all of them */
  interface?: string;
  /** Only packets of this segment. @default all segments */
  segment?: string;
  /**
   * Which way: both; out, from the container or from the first host to the second; in, the other way; both, out, in.
   * @default both
   */
  direction?: Direction;
}

/**
 * What happens to packets, each way on its own.
 *
 * @example
 * ```ts
 * const lossy: ImpairmentEffects = { delay: "20ms", jitter: "5ms", loss: "0.5%" };
 * ```
 */
export interface ImpairmentEffects {
  /** Every packet arrives this much later, such as 50ms; at most 10s. @default none */
  delay?: string;
  /** The delay varies by up to this much, evenly, which can reorder packets; at most delay. @default none */
  jitter?: string;
  /** Share of packets that are lost, such as 1%; 100% cuts the path. @default none */
  loss?: string;
  /** Share of packets that arrive twice. @default none */
  duplicate?: string;
  /** Share of packets that overtake others, since they are not delayed; with delay only. @default none */
  reorder?: string;
  /** Share of packets with one wrong bit. @default none */
  corrupt?: string;
  /** Bits a second that pass, such as 10mbit; 1kbit to 100gbit. @default unlimited */
  rate?: string;
}

/** The table's entries for what happens to packets. */
const EFFECTS = {
  delay: { kind: "text", doc: "every packet arrives this much later, such as `50ms`; at most `10s`" },
  jitter: {
    kind: "text",
    doc: "the delay varies by up to this much, evenly, which can reorder packets; at most `delay`",
  },
  loss: { kind: "text", doc: "share of packets that are lost, such as `1%`; `100%` cuts the path" },
  duplicate: { kind: "text", doc: "share of packets that arrive twice" },
  reorder: {
    kind: "text",
    doc: "share of packets that overtake others, since they are not delayed; with `delay` only",
  },
  corrupt: { kind: "text", doc: "share of packets with one wrong bit" },
  rate: {
    kind: "text",
    usual: "unlimited",
    doc: "bits a second that pass, such as `10mbit`; `1kbit` to `100gbit`",
  },
} as const satisfies Fields<ImpairmentEffects>;

export const IMPAIRMENT = {
  between: {
    kind: "list",
    fewest: 2,
    doc: "two hosts: tunnel packets between them are impaired, and nothing else; this or `container`",
  },
  container: {
    kind: "text",
    doc: "a container: what its interfaces send and receive is impaired; this or `between`",
  },
  interface: {
    kind: "text",
    usual: "all of them",
    doc: "one interface of the container, such as `eth0`; with `container` only",
  },
  segment: { kind: "text", usual: "all segments", doc: "only packets of this segment" },
  direction: {
    kind: "choice",
    choices: { [Direction.Both]: "", [Direction.Out]: "", [Direction.In]: "" },
    default: Direction.Both,
    doc: "which way: `both`; `out`, from the container or from the first host to the second; `in`, the other way",
  },
  ...EFFECTS,
} as const satisfies Fields<ImpairmentSpec>;

export const IMPAIRMENTS = {
  kind: "named",
  each: { kind: "section", fields: IMPAIRMENT, doc: "an impairment" },
  doc: "what the network does wrong on purpose, by a name as a segment's ([impairments.md](impairments.md))",
} as const satisfies NamedSetting;
