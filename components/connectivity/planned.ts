/** Checks in a plan. */
import type { ConnectivityKind } from "./spec";

/** How it is tried, and what the result must be. */
export interface TriedPlan {
  kind: ConnectivityKind;
  port?: number;
  path?: string;
  atLeast?: string;
  reach: boolean;
  /** Seconds. */
  within: number;
}

/**
 * A check as readers of a lab know it.
 *
 * @example
 * ```ts
 * const sentence = ({ from, to, reach }: CheckFacts) => `${from} must ${reach ? "" : "not "}reach ${to}`;
 * ```
 */
export interface CheckFacts extends TriedPlan {
  name: string;
  /** Host of the container that asks. */
  host: string;
  /** The container that asks. */
  from: string;
  /** The address that is asked. */
  to: string;
  /** The container that the setting names instead of an address. */
  target?: string;
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
  /** A digest that changes when something of it changes, except its containers, which have digests of their own. */
  digest: string;
  hosts: string[];
  containers: string[];
}
