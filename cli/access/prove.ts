/** Proves a deployed lab: runs its checks and prints the verdicts. */
import type { HostOutput, LabOutput } from "../../plan/contract";
import type { Context } from "../command";
import { Exit, Fault } from "../exit";
import { booted } from "./booted";
import { withLab } from "./lab";
import type { OpenLab } from "./lab";
import { renderResults, resultsJson, wantsColour } from "../output/report";
import type { PairCounts } from "../output/report";
import type { Check, CheckOptions, CheckResult } from "../../verify/check";
import type { FaultyThing } from "../../verify/faults";
import { pairCounts } from "../../verify/pairs";
import { buildChecks, isWanted } from "../../verify/registry";
import { verify } from "../../verify/runner";
import { heal, repairsOf } from "./heal";

export interface VerifyOptions {
  /** Names of checks, their beginnings, or parts of them. @default all checks */
  only?: readonly string[];
  /** @default false: a table for people */
  json?: boolean;
  /** Ping every pair of a segment. @default false: a few for each container */
  allPairs?: boolean;
  /** Run the steps of faulty things again before anything is sent. @default false */
  heal?: boolean;
  /** Libvirt's names of machines that have just been started: wait until everything on them is running. @default none */
  started?: ReadonlySet<string>;
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

/** `runVerify --json` for several stacks: one array, with the name of each stack. */
export async function runVerifySet(
  context: Context,
  stacks: readonly string[],
  options: Pick<VerifyOptions, "heal" | "started"> = {},
): Promise<number> {
  const all: (ReturnType<typeof resultsJson> & { stack: string })[] = [];
  for (const stack of stacks) {
    const { results, pairs } = await resultsOf(context, stack, options);
    all.push({ stack, ...resultsJson(results, pairs) });
  }
  context.out.json(all);
  return codeOf(all);
}

function codeOf(results: readonly { ok: boolean }[]): number {
  return results.every(({ ok }) => ok) ? Exit.ok : Exit.failed;
}

/** The verdicts, and without `only` how many of all pairs were pinged. */
interface Results {
  results: CheckResult[];
  pairs?: PairCounts;
}

function resultsOf(
  context: Context,
  stack: string,
  { only = [], allPairs = false, heal: healing = false, started = new Set() }: VerifyOptions,
): Promise<Results> {
  return withLab(context, stack, async (open) => {
    const { lab, ask } = open;
    const boots = lab.hosts.filter(({ domain }) => domain !== undefined && started.has(domain));
    if (boots.length > 0) await waitFor(context, open, boots);
    const checks = wantedChecks(lab, only, { allPairs });
    const repair = (faults: readonly FaultyThing[]) => repaired(context, open, faults);
    const results = await context.out.step(`verify: ${checks.length} checks`, () =>
      verify(ask, lab, checks, healing ? { repair } : {}),
    );
    if (only.length > 0) return { results };
    const { pinged, all } = pairCounts(lab);
    return { results, pairs: { pinged: allPairs ? all : pinged, all } };
  });
}

function waitFor({ out }: Context, open: OpenLab, hosts: readonly HostOutput[]): Promise<void> {
  const names = hosts.map(({ name }) => name);
  return out.step(`waiting until everything on ${names.join(", ")} is running`, () => booted(open, names));
}

/** Returns true when a step has run: then the hosts must be asked again. */
async function repaired(
  { out }: Context,
  { ask, steps }: OpenLab,
  faults: readonly FaultyThing[],
): Promise<boolean> {
  const repairs = faults.length === 0 ? [] : repairsOf(faults, await steps());
  if (repairs.length === 0) return false;
  await heal(out, ask, repairs);
  return true;
}

/** Refuses a name that matches no check: such a run would pass without a check. */
export function wantedChecks(lab: LabOutput, only: readonly string[], options: CheckOptions = {}): Check[] {
  const all = buildChecks(lab, options);
  const idle = only.filter((word) => !all.some((check) => isWanted(check, [word])));
  if (idle.length === 0) return all.filter((check) => isWanted(check, only));
  const kinds = [...new Set(all.map(({ name }) => name.split("/")[0]))].join(", ");
  throw new Fault(
    Exit.usage,
    `no check is named ${idle.join(", ")}: use a kind (${kinds}), a host or a container`,
  );
}
