/**
 * Differences found on hosts, as texts that are part of the steps' inputs: a preview then shows an update, and `up` runs exactly these
 * steps again.
 *
 * The CLI compares the hosts and writes a file, whose name is in VXLAB_REPAIR. A step keeps its text until the next fault, since otherwise
 * the next preview would show its removal. The kept text is read from the stack's state.
 */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { readStepInput } from "../guest/protocol";
import { nextRepair } from "../guest/repair";

/** The environment variable that names the file with the differences; empty: nothing is compared. */
export const REPAIR_FILE = "VXLAB_REPAIR";

/** What is wrong, by the name of a step. */
type Repairs = Readonly<Record<string, string>>;

/** Longest wait for the file, ms: longer than the comparison takes (cli/engine/repair.ts). */
const LOOK_MS = 150_000;
const POLL_MS = 20;

let known: Promise<(step: string) => string | undefined> | undefined;

/** @param step its name; the result is undefined when nothing was ever wrong with it */
export function repairOf(step: string): pulumi.Output<string | undefined> {
  known ??= Promise.all([kept(), found()]).then(
    ([before, now]) =>
      (name) =>
        nextRepair(before[name], now[name]),
  );
  return pulumi.output(known.then((repair) => repair(step)));
}

/** The last repair texts of this stack's steps. */
async function kept(): Promise<Repairs> {
  try {
    // Mocks may have no organization.
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

/** The differences found now; empty when nothing was compared. */
async function found(): Promise<Repairs> {
  const file = process.env[REPAIR_FILE];
  if (file === undefined || file === "") return {};
  const repairs = await repairsFrom(file);
  if (repairs === undefined)
    await pulumi.log.warn(
      `the hosts were not compared: ${file} (${REPAIR_FILE}) does not exist after ${LOOK_MS / 1000} s`,
    );
  return repairs ?? {};
}

/** A file's content, once it exists; undefined after the time limit, ms. */
export async function repairsFrom(file: string, limit = LOOK_MS): Promise<Repairs | undefined> {
  for (const start = Date.now(); !existsSync(file) && Date.now() - start < limit;) await pause(POLL_MS);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Repairs) : undefined;
}
