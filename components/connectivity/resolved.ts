/** Checks that have been read (plan/resolved.ts). */
import type { ResolvedContainer } from "../../plan/resolved-workload";
import type { TriedPlan } from "./planned";
import type { CheckSpec } from "./spec";

export interface ResolvedCheck extends TriedPlan {
  name: string;
  spec: CheckSpec;
  from: ResolvedContainer;
  address: bigint;
  /** The container that the setting names instead of an address. */
  target?: ResolvedContainer;
}
