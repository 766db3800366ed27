/** Proves a standing lab: builds the checks, asks the hosts, shows the verdicts. */
import type { LabOutput } from "../../plan/contract";
import type { Context } from "../command";
import { Exit, Fault } from "../lib/exit";
import { withLab } from "../lib/lab";
import type { Remote } from "../lib/remote";
import { askAgain } from "./again";
import { buildChecks, isWanted, pairCounts } from "./checks";
import type { Check, CheckOptions } from "./checks";
import { gather } from "./gather";
import type { CheckResult } from "./judge";
import { renderResults, resultsJson, wantsColour } from "./report";
import type { PairCounts } from "./report";

export interface VerifyOptions {
  /** Names of checks, their beginnings, or parts of them. @default all checks */
  only?: readonly string[];
  /** @default false: a table for people */
  json?: boolean;
  /** Ping every pair of a segment. @default false: a few for each container */
  allPairs?: boolean;
}

/** Prints every verdict; the exit code is 0 when all checks hold, 1 when one does not. */
export async function runVerify(
  context: Context,
  stack: string,
  options: VerifyOptions = {},
): Promise<number> {
  const { out, environment } = context;
  const { results, pairs } = await resultsOf(context, stack, options);
  if (options.json === true) out.json(resultsJson(results, pairs));
  else out.print(renderResults(results, wantsColour(process.stdout.isTTY, environment), pairs));
  return codeOf(results);
}

/** As `runVerify` for programs, of a set of stacks: one document, with the name of each. */
export async function runVerifySet(context: Context, stacks: readonly string[]): Promise<number> {
  const all: (ReturnType<typeof resultsJson> & { stack: string })[] = [];
  for (const stack of stacks) {
    const { results, pairs } = await resultsOf(context, stack, {});
    all.push({ stack, ...resultsJson(results, pairs) });
  }
  context.out.json(all);
  return codeOf(all);
}

function codeOf(results: readonly { ok: boolean }[]): number {
  return results.every(({ ok }) => ok) ? Exit.ok : Exit.failed;
}

/** What was found, and how many pairs were pinged of all; the latter where nothing was chosen by name. */
export interface Results {
  results: CheckResult[];
  pairs?: PairCounts;
}

function resultsOf(
  context: Context,
  stack: string,
  { only = [], allPairs = false }: VerifyOptions,
): Promise<Results> {
  return withLab(context, stack, async ({ lab, remote }) => {
    const checks = wantedChecks(lab, only, { allPairs });
    const results = await context.out.step(`verify: ${checks.length} checks`, () =>
      verdicts(remote, lab, checks),
    );
    if (only.length > 0) return { results };
    const { pinged, all } = pairCounts(lab);
    return { results, pairs: { pinged: allPairs ? all : pinged, all } };
  });
}

/** A packet check that fails is asked again before it counts (again.ts). */
export async function verdicts(
  remote: Remote,
  lab: LabOutput,
  checks: readonly Check[],
  limit?: number,
): Promise<CheckResult[]> {
  const evidence = await gather(remote, lab, checks, { limit });
  return askAgain(remote, lab, checks, evidence);
}

/** A name that fits nothing would otherwise be a test that passes. */
export function wantedChecks(lab: LabOutput, only: readonly string[], options: CheckOptions = {}): Check[] {
  const all = buildChecks(lab, options);
  const idle = only.filter((word) => !all.some((check) => isWanted(check, [word])));
  if (idle.length === 0) return all.filter((check) => isWanted(check, only));
  const kinds = [...new Set(all.map(({ name }) => name.split("/")[0]))].join(", ");
  throw new Fault(
    Exit.usage,
    `no check is named ${idle.join(", ")}: give a kind (${kinds}), a host or a container`,
  );
}
