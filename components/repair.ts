/**
 * What is wrong on hosts with the things of steps: a text that is part of a step's inputs, so that a preview shows an update and `up`
 * runs that step again, and no other.
 *
 * Whoever has looked (the CLI) names a file, VXLAB_REPAIR. A text that a step was given stays in its inputs until another fault: without
 * it, the next preview would show its removal. The state has it, and the engine is asked for that.
 */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { readStepInput } from "../guest/protocol";
import { nextRepair } from "../guest/repair";

/** The environment variable that names the file with the look's result; empty: nobody looks. */
export const REPAIR_FILE = "VXLAB_REPAIR";

/** What is wrong, by the name of a step. */
type Repairs = Readonly<Record<string, string>>;

/** Longest wait for the file, ms: longer than the look takes (cli/engine/repair.ts). */
const LOOK_MS = 150_000;
const POLL_MS = 20;

let known: Promise<(step: string) => string | undefined> | undefined;

/** @param step its name; undefined when nothing was ever wrong with it */
export function repairOf(step: string): pulumi.Output<string | undefined> {
  known ??= Promise.all([kept(), found()]).then(
    ([before, now]) =>
      (name) =>
        nextRepair(before[name], now[name]),
  );
  return pulumi.output(known.then((repair) => repair(step)));
}

/** What the steps of this stack were given last. */
async function kept(): Promise<Repairs> {
  try {
    // Mocks need not name an organization.
    const name = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
    // The function behind StackReference.getOutput is readStackOutputs; this one reads resources (pkg/resource/deploy/builtins.go).
    const answer: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
      stackName: name,
    });
    return repairsIn(answer);
  } catch (error) {
    await pulumi.log.debug(`no earlier repairs: ${String(error)}`);
    return {};
  }
}

function repairsIn(answer: unknown): Repairs {
  const resources = pick(answer, "outputs");
  if (typeof resources !== "object" || resources === null) return {};
  return Object.fromEntries(
    Object.values(resources).flatMap((one: unknown) => {
      const stdin = pick(pick(one, "outputs"), "stdin");
      const desired = typeof stdin === "string" ? readStepInput(stdin) : undefined;
      return desired?.repair === undefined ? [] : [[desired.id, desired.repair]];
    }),
  );
}

const pick = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;

/** What was found on the hosts now: nothing when nobody has looked. */
async function found(): Promise<Repairs> {
  const file = process.env[REPAIR_FILE];
  if (file === undefined || file === "") return {};
  const repairs = await repairsFrom(file);
  if (repairs === undefined)
    await pulumi.log.warn(
      `nobody has looked at the hosts: ${file} (${REPAIR_FILE}) does not exist after ${LOOK_MS / 1000} s`,
    );
  return repairs ?? {};
}

/** What a file has, once it exists; undefined after the limit, ms. */
export async function repairsFrom(file: string, limit = LOOK_MS): Promise<Repairs | undefined> {
  for (const start = Date.now(); !existsSync(file) && Date.now() - start < limit;) await pause(POLL_MS);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Repairs) : undefined;
}
