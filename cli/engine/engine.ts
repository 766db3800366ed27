/** Runs Pulumi through the project's wrapper, which knows its state, its plugins and its libvirt. */
import type { StdioOptions } from "node:child_process";
import { mkdirSync, openSync, closeSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pulumiWrapper } from "../../system/paths";
import { run, type Result } from "../../system/process";
import { Missing } from "../../system/reporter";
import { wasInterrupted } from "../../system/signals";
import { editsOf } from "../changes/edits";
import { foundIn, hostsOfStep } from "../changes/on-hosts";
import type { Edit } from "../../plan/change";
import type { Context } from "../command";
import { runPulumi } from "./run";
import { eventLog, Progress } from "./events";
import type { EngineEvent, StepMetadata } from "./events";
import { Exit } from "../exit";

export interface Outcome {
  code: number;
  /** The signal that ended the engine, unless that was asked for. */
  killedBy?: NodeJS.Signals | undefined;
  /** The number of resources by operation, as the engine counts them: create, update, same, … */
  changes: Record<string, number>;
  errors: string[];
  /** What the engine does, or would do. */
  edits: Edit[];
  /** The engine's steps, in its order. */
  steps: StepMetadata[];
  /** The whole output, in a file. */
  log: string;
}

/** A short command; its output is returned. @throws Missing when a program of the user's has no Pulumi on PATH */
export async function pulumi(context: Context, args: readonly string[], timeout = 120): Promise<Result> {
  const { paths, environment, plain = false } = context;
  const all = ["--non-interactive", "--color", "never", ...args];
  const options = { cwd: paths.root, env: environment, timeout };
  const result = await run(plain ? "pulumi" : pulumiWrapper(paths), all, options);
  if (plain && result.code === 127) throw new Missing("pulumi is not on PATH: install the Pulumi CLI");
  return result;
}

/** `up`, `destroy` or `preview`, with progress in compact form. The whole output is kept in `.vxlab/log`. */
export async function change(
  context: Context,
  verb: "up" | "destroy" | "preview",
  stack: string,
  more: readonly string[],
): Promise<Outcome> {
  const { paths, out } = context;
  mkdirSync(paths.logs, { recursive: true });
  const log = join(paths.logs, `${verb}.log`);
  const events = eventLog(paths.logs);
  const sure = verb === "preview" ? [] : ["--yes", "--skip-preview"];
  const fixed = [...sure, "--non-interactive", "--suppress-progress"];
  const args = [verb, "--stack", stack, "--color", "never", ...fixed, "--event-log", events.path, ...more];
  // The flag --event-log is there only with this variable (pkg/cmd/pulumi/operations/up.go).
  const env = { ...context.environment, PULUMI_DEBUG_COMMANDS: "true" };
  return out.step(`pulumi ${verb} (stack ${stack})`, async (say) => {
    const lines = verb === "preview" ? () => undefined : (text: string) => out.remark(text);
    const progress = new Progress(lines, say);
    const all: EngineEvent[] = [];
    const take = () => {
      const read = events.read();
      read.forEach((event) => progress.take(event));
      all.push(...read.filter(({ resourcePreEvent }) => resourcePreEvent !== undefined));
    };
    const timer = setInterval(() => {
      take();
      progress.tick();
    }, 150);
    const file = openSync(log, "w");
    const stdio: StdioOptions = ["ignore", file, file];
    const { code, killedBy } = await runPulumi(paths, args, { env, stdio }).finally(() => closeSync(file));
    clearInterval(timer);
    take();
    events.close();
    const { changes, errors } = progress;
    const steps = all.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
    return { code: progress.endCode(code), killedBy, changes, errors, edits: editsOf(all), steps, log };
  });
}

/** Whether the errors say that settings are wrong, which the user has to correct. */
export const refused = (errors: readonly string[]): boolean =>
  errors.some((error) => error.includes("The lab's settings have"));

/** Shows what went wrong. Refused settings have an exit code of their own. */
export function failure(
  context: Context,
  outcome: Pick<Outcome, "code" | "killedBy" | "errors" | "steps" | "log">,
): number {
  const { errors, log } = outcome;
  const shown =
    errors.length > 0 ? errors : [readFileSync(log, "utf8").trim().split("\n").slice(-30).join("\n")];
  for (const error of shown) context.out.line(`\n${error}${cureOf(error)}${fullDisk(error, outcome.steps)}`);
  context.out.line(`\nfull output: ${log}`);
  if (outcome.killedBy !== undefined || wasInterrupted(outcome.code)) {
    const what = outcome.killedBy === undefined ? "interrupted" : `${outcome.killedBy} ended Pulumi`;
    context.out.line(`${what}: run the same command to continue`);
    return outcome.code;
  }
  return refused(errors) ? Exit.usage : Exit.failed;
}

/** Cures for errors of SSH on existing hosts, which name no setting. */
const CURES: readonly (readonly [RegExp, (host: string) => string])[] = [
  [
    /host key mismatch/,
    (host) =>
      `${host}.existing.hostKey is not the host's key: copy it from /etc/ssh/ssh_host_ed25519_key.pub on the host`,
  ],
  [
    /unable to authenticate/,
    (host) =>
      `add the public part of ${host}.existing.keyFile to the authorized_keys of ${host}.existing.user on the host`,
  ],
  [
    /no route to host|connection refused|i\/o timeout/,
    (host) => `no SSH server answers: check ${host}.address, or existing.sshAddress and port if they are set`,
  ],
];

/** Empty if no cure is known. */
export function cureOf(error: string): string {
  const host = /^Command [^-]+-(.+)-check: /.exec(error)?.[1];
  if (host === undefined && /^Command .*: after \d+ failed attempts: dial /s.test(error))
    return "\n  no SSH server answers there: run this again when one does; if the host no longer exists, run ./vxlab forget HOST first";
  const cure = CURES.find(([words]) => words.test(error))?.[1];
  return host === undefined || cure === undefined ? "" : `\n  ${cure(`hosts.${host}`)}`;
}

/** A step's error does not name its host. */
function fullDisk(error: string, steps: readonly StepMetadata[]): string {
  const [, name] = /^Command (\S+): .*No space left on device/s.exec(error) ?? [];
  const [host] = name === undefined ? [] : hostsOfStep(foundIn(steps), name);
  return host === undefined
    ? ""
    : `\n  the disk of ${host} is full: make room (./vxlab ssh ${host} -- df -k), then run this again`;
}

export function summary(changes: Readonly<Record<string, number>>): string {
  const words = Object.entries(changes).map(([op, count]) => `${count} ${op === "same" ? "unchanged" : op}`);
  return words.length === 0 ? "nothing to do" : words.sort().join(", ");
}
