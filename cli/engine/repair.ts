/** Compares the hosts with the state while the engine starts, and passes the differences to the program (components/repair.ts). */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repairsOf } from "../../verify/look";
import { lookIfDeployed } from "../access/look";
import type { Look } from "../access/look";
import type { Change } from "../../plan/change";
import type { Context } from "../command";
import { deployedOf, resources } from "../state/stack";

/** Runs `work` while the hosts are compared. @param wanted false: nothing is compared, and steps keep the repair text that they have */
export async function looking<T>(
  context: Context,
  stack: string,
  wanted: boolean,
  work: (environment: Context["environment"], look: () => Promise<Look | undefined>) => Promise<T>,
): Promise<T> {
  // Empty, so that vxlab:drift does not compare either.
  if (!wanted) return work({ ...context.environment, VXLAB_REPAIR: "" }, () => Promise.resolve(undefined));
  const begun = beginLook(context, stack);
  try {
    return await work(begun.environment, () => begun.found);
  } finally {
    begun.end();
  }
}

/** Faults of machines, which no resource's change shows. */
export function machineChanges(look: Look | undefined): Change[] {
  return (look?.machines ?? []).map(({ host, found }) => ({
    ...{ kind: "drifted", thing: "host", names: [host], hosts: [] },
    facts: [`the machine ${found.replace(/^its /, "has its ")}`],
  }));
}

/** Prints the hosts that could not be compared. */
export function sayUnknown({ out }: Context, look: Look | undefined): void {
  for (const { host, why } of look?.unknown ?? []) out.line(`${host}: not known: ${why}`);
}

/** A look that is under way. */
interface Looking {
  /** The engine's environment. */
  environment: Context["environment"];
  /** Undefined when nothing is deployed, or the look failed. */
  found: Promise<Look | undefined>;
  /** To be called when the engine has ended. */
  end(): void;
}

/** Longest time of a whole look, ms: less than the program waits for its file (components/repair.ts). */
const LOOK_MS = 120_000;

function beginLook(context: Context, stack: string): Looking {
  const file = join(context.paths.dot, "drift", `${stack}-${randomUUID()}.json`);
  const looked = deployed(context, stack).then((is) => (is ? lookIfDeployed(context, stack) : undefined));
  return {
    environment: { ...context.environment, VXLAB_REPAIR: file },
    found: answered(looked, file, (why) => context.out.line(`the hosts were not compared: ${why}`)),
    end: () => rmSync(file, { force: true }),
  };
}

/** Writes the file even when the look fails: the program waits for it, and the engine for the program. Never rejects. */
export async function answered(
  looked: Promise<Look | undefined>,
  file: string,
  say: (why: string) => void,
  limit = LOOK_MS,
): Promise<Look | undefined> {
  const sayError = (error: unknown): undefined => {
    say(error instanceof Error ? error.message : String(error));
    return undefined;
  };
  const look = await within(looked, limit).catch(sayError);
  try {
    writeRepairs(file, repairsOf(look?.differences ?? []));
  } catch (error) {
    sayError(error);
  }
  return look;
}

async function within<T>(work: Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit / 1000} s`)), limit);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function deployed(context: Context, stack: string): Promise<boolean> {
  return deployedOf(await resources(context, stack)).length > 0;
}

/** Writes it atomically: the program reads the file as soon as it exists. */
export function writeRepairs(file: string, repairs: Readonly<Record<string, string>>): void {
  if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(repairs)}\n`);
  renameSync(`${file}.new`, file);
}
