/**
 * Hosts that do not answer are deployed last, or left out if they still do not answer: the engine would wait minutes for each, and stop at
 * the first failure.
 */
import type { HostOutput } from "../../plan/contract";
import { silentHosts } from "../access/answering";
import { badUsage } from "../args";
import type { Work } from "../changes/on-hosts";
import type { Command, Context } from "../command";
import { labOfState } from "../state/lab";
import { resources } from "../state/stack";
import { change } from "./engine";
import type { Outcome } from "./engine";

export const hostTimeoutOption = {
  "host-timeout": {
    type: "string",
    value: "SECONDS",
    doc: "longest wait for a host that has answered before (default: 30)",
  },
} as const;

const DEFAULT_SECONDS = 30;
/** A host that has not answered by then is deployed last. */
const FIRST_SECONDS = 5;

/** @throws Fault for anything but a number of seconds up to an hour */
export function hostTimeout(command: Command, given: string | undefined): number {
  if (given === undefined) return DEFAULT_SECONDS;
  const seconds = /^\d{1,4}$/.test(given) ? Number(given) : Infinity;
  if (seconds >= 1 && seconds <= 3600) return seconds;
  throw badUsage(command, `--host-timeout ${given} is not a number of seconds from 1 to 3600`);
}

export interface Run {
  verb: "up" | "destroy";
  /** Options of Pulumi. */
  words: readonly string[];
  /** The work on hosts that have answered before. */
  works: readonly Work[];
  /** How long they may take to answer, seconds. */
  seconds: number;
}

export interface Ended {
  outcome: Outcome;
  /** What could not be done, since these hosts did not answer. */
  left: Work[];
}

/** Deploys to the hosts that answer, then to the others that answer within the time limit. */
export async function changePatiently(context: Context, stack: string, run: Run): Promise<Ended> {
  const { verb, words, works, seconds } = run;
  const hosts = works.length === 0 ? [] : hostsIn(await resources(context, stack), stack);
  const limit = Date.now() + seconds * 1000;
  const silent = async (some: readonly Work[], most: number): Promise<Work[]> => {
    const asked = hosts.filter(({ name }) => some.some(({ host }) => host === name));
    const wait = Math.max(1, Math.min(most, Math.ceil((limit - Date.now()) / 1000)));
    const found = await context.out.wait("asking the hosts", () => silentHosts(context, stack, asked, wait));
    return some.filter(({ host }) => found.includes(host));
  };
  const last = await silent(works, FIRST_SECONDS);
  const outcome = await change(context, verb, stack, [...words, ...excluding(last)]);
  if (last.length === 0 || outcome.code !== 0) return { outcome, left: last };
  const left = await silent(last, seconds);
  if (left.length === last.length) return { outcome, left };
  return { outcome: await change(context, verb, stack, [...words, ...excluding(left)]), left };
}

const excluding = (works: readonly Work[]): string[] =>
  [...new Set(works.flatMap(({ urns }) => urns))].flatMap((urn) => ["--exclude", urn]);

/** Where the hosts answered when the lab was deployed; none without a lab. */
function hostsIn(all: readonly unknown[], stack: string): HostOutput[] {
  try {
    return labOfState({ deployment: { resources: all } }, stack).hosts;
  } catch {
    return [];
  }
}

/** Prints for each host what is left to do, and the commands for it. */
export function sayLeft({ out }: Context, { left }: Ended, { seconds, verb }: Run): void {
  for (const { host, names } of left) {
    const [again, forget] = [`./vxlab ${verb === "up" ? "up" : "down"}`, `./vxlab forget ${host}`];
    out.line(
      `\n${host} does not answer within ${seconds} s; everything else is done. Unfinished on it: ${names.join(", ")}\n` +
        `  when it answers again: ${again}, which finishes this (./vxlab restart ${host} resets a machine of vxlab)\n` +
        `  if it no longer exists: ${forget}, then ${again}`,
    );
  }
}
