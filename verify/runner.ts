/** Proves a lab: asks its hosts, asks again what failed, and gives the verdicts. */
import type { LabOutput } from "../plan/contract";
import { askAgain } from "./again";
import type { Ask } from "./ask";
import type { Check, CheckResult, Evidence } from "./check";
import { faultsOf } from "./faults";
import type { FaultyThing } from "./faults";
import { gather } from "./gather";
import { judge } from "./judge";

export interface VerifyOptions {
  /**
   * Repairs faults on the hosts before anything is sent; true: it has changed something, so the hosts are asked again. @default nothing is
   * changed
   */
  repair?: (faults: readonly FaultyThing[]) => Promise<boolean>;
}

export async function verify(
  ask: Ask,
  lab: LabOutput,
  checks: readonly Check[],
  { repair }: VerifyOptions = {},
): Promise<CheckResult[]> {
  const probed = repair && ((hosts: Evidence["hosts"]) => repair(faultsAmong(checks, hosts)));
  const evidence = await gather(ask, lab, checks, probed === undefined ? {} : { probed });
  return askAgain(ask, lab, checks, evidence);
}

function faultsAmong(checks: readonly Check[], hosts: Evidence["hosts"]): FaultyThing[] {
  const evidence: Evidence = { hosts, pings: new Map(), wires: new Map() };
  const results = checks.map((check) => judge(check, evidence));
  return faultsOf(checks, results, evidence);
}
