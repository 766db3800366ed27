/** Which things on hosts a step can repair, from the checks that failed. */
import type { Check, CheckResult, Evidence } from "./check";
import { factsOn } from "./judge";
import type { ThingRef } from "./things";

/** A thing that has to be applied again. */
export interface FaultyThing extends ThingRef {
  host: string;
  /** The verdict. */
  why: string;
}

export function faultsOf(
  checks: readonly Check[],
  results: readonly CheckResult[],
  evidence: Evidence,
): FaultyThing[] {
  const wrong = new Map(results.filter(({ ok }) => !ok).map(({ name, got }) => [name, got]));
  return checks.flatMap((check) => {
    const why = wrong.get(check.name);
    const facts = factsOn(check.host, evidence);
    if (why === undefined || facts === undefined) return [];
    return (check.repairs?.(facts) ?? []).map((thing) => ({ ...thing, host: check.host, why }));
  });
}
