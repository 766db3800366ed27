/** What lies between containers of a plan: checks of the settings, and service chains. */
import type { ChainFailure } from "../components/chain/spec";
import type { ConnectivityKind } from "../components/connectivity/spec";
import type { Encapsulation } from "./net/encap";

/**
 * A check as readers of a lab know it.
 *
 * @example
 * ```ts
 * const sentence = ({ from, to, reach }: CheckFacts) => `${from} must ${reach ? "" : "not "}reach ${to}`;
 * ```
 */
export interface CheckFacts {
  name: string;
  /** Host of the container that asks. */
  host: string;
  /** The container that asks. */
  from: string;
  /** The address that is asked. */
  to: string;
  /** The container that was named for it. */
  target?: string;
  kind: ConnectivityKind;
  port?: number;
  path?: string;
  atLeast?: string;
  reach: boolean;
  /** Seconds. */
  within: number;
}

/**
 * A check of the plan.
 *
 * @example
 * ```ts
 * const hostsOf = ({ crosses }: CheckPlan) => crosses.hosts;
 * ```
 */
export interface CheckPlan extends CheckFacts {
  crosses: CrossedPlan;
}

/**
 * What lies between the two ends of a check, the ends included.
 *
 * @example
 * ```ts
 * const crosses: CrossedPlan = { digest: "5ad1c2f0e9b3a871", hosts: ["kvm1", "kvm2"], containers: ["c1", "c2"] };
 * ```
 */
export interface CrossedPlan {
  /** Another text when something of it changes; of the containers others know. */
  digest: string;
  hosts: string[];
  containers: string[];
}

/**
 * A service chain: what the packets between two ends pass, both ways.
 *
 * @example
 * ```ts
 * const boxesOf = ({ hops }: ChainPlan) => hops.slice(1, -1).map(({ name, host }) => `${name}@${host}`);
 * ```
 */
export interface ChainPlan {
  name: string;
  segment: string;
  failure: ChainFailure;
  /** How its packets are carried between hosts. */
  encapsulation: Encapsulation;
  udpPort: number;
  /** The two ends, with the middle boxes between them. */
  hops: HopPlan[];
}

/**
 * An end or a middle box of a chain.
 *
 * @example
 * ```ts
 * const isTransparent = ({ ports }: HopPlan) => ports.length === 2;
 * ```
 */
export interface HopPlan {
  /** The container's, or `gateway`. */
  name: string;
  host: string;
  /** VTEP of its host. */
  vtep: string;
  /** Its packets between hosts carry this VNI. */
  vni: number;
  /** The host's ports that lead to it: one, or of a transparent middle box that towards `from` and that towards `to`. */
  ports: string[];
  /** Absent: a transparent middle box, which has none that matters. */
  mac?: string;
  /** Without prefix length. */
  addresses: string[];
  /** Source prefixes that an end may send from; absent: all. */
  sources?: string[];
  /** It leads to other addresses than its own. */
  gateway?: boolean;
}
