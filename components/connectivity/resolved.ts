/** Checks that have been read (plan/resolved.ts). */
import type { ResolvedContainer } from "../../plan/resolved-workload";
import type { CheckSpec, ConnectivityKind } from "./spec";

export interface ResolvedCheck {
  name: string;
  spec: CheckSpec;
  from: ResolvedContainer;
  address: bigint;
  /** The container that was named for it. */
  target?: ResolvedContainer;
  kind: ConnectivityKind;
  port?: number;
  path?: string;
  atLeast?: string;
  reach: boolean;
  /** Seconds. */
  within: number;
}
