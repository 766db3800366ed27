/** Proves a standing lab: builds the checks, asks the hosts, shows the verdicts. */
import type { LabOutput } from "../../plan/contract";
import type { Context } from "../command";
import { Exit, Fault } from "../lib/exit";
import { withLab } from "../lib/lab";
import type { Remote } from "../lib/remote";
import { buildChecks, isWanted } from "./checks";
import type { Check } from "./checks";
import { gather } from "./gather";
import { judge } from "./judge";
import type { CheckResult } from "./judge";
import { renderResults, resultsJson, wantsColour } from "./report";

export interface VerifyOptions {
  /** Names of checks, their beginnings, or parts of them. @default all checks */
  only?: readonly string[];
  /** @default false: a table for people */
  json?: boolean;
}

/** Prints every verdict; the exit code is 0 when all checks hold, 1 when one does not. */
export async function runVerify(
  context: Context,
  stack: string,
  options: VerifyOptions = {},
): Promise<number> {
  const { out, environment } = context;
  const results = await resultsOf(context, stack, options.only ?? []);
  if (options.json === true) out.json(resultsJson(results));
  else out.print(renderResults(results, wantsColour(process.stdout.isTTY, environment)));
  return codeOf(results);
}

/** As `runVerify` for programs, of a set of stacks: one document, with the name of each. */
export async function runVerifySet(context: Context, stacks: readonly string[]): Promise<number> {
  const all: (ReturnType<typeof resultsJson> & { stack: string })[] = [];
  for (const stack of stacks) all.push({ stack, ...resultsJson(await resultsOf(context, stack, [])) });
  context.out.json(all);
  return codeOf(all);
}

function codeOf(results: readonly { ok: boolean }[]): number {
  return results.every(({ ok }) => ok) ? Exit.ok : Exit.failed;
}

function resultsOf(context: Context, stack: string, only: readonly string[]): Promise<CheckResult[]> {
  return withLab(context, stack, ({ lab, remote }) => {
    const checks = wantedChecks(lab, only);
    return context.out.step(`verify: ${checks.length} checks`, () => verdicts(remote, lab, checks));
  });
}

export async function verdicts(
  remote: Remote,
  lab: LabOutput,
  checks: readonly Check[],
  limit?: number,
): Promise<CheckResult[]> {
  const evidence = await gather(remote, lab, checks, limit);
  return checks.map((check) => judge(check, evidence));
}

/** A name that fits nothing would otherwise be a test that passes. */
export function wantedChecks(lab: LabOutput, only: readonly string[]): Check[] {
  const all = buildChecks(lab);
  const idle = only.filter((word) => !all.some((check) => isWanted(check, [word])));
  if (idle.length === 0) return all.filter((check) => isWanted(check, only));
  const kinds = [...new Set(all.map(({ name }) => name.split("/")[0]))].join(", ");
  throw new Fault(
    Exit.usage,
    `no check is named ${idle.join(", ")}: give a kind (${kinds}), a host or a container`,
  );
}
