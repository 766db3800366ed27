/** Runs Pulumi through the project's wrapper, which knows its state, its plugins and its libvirt. */
import { spawn } from "node:child_process";
import { mkdirSync, openSync, closeSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pulumiWrapper, type Environment } from "../../toolchain/paths";
import { run, type Result } from "../../toolchain/process";
import type { Context } from "../command";
import { eventLog, Progress } from "./events";
import { Exit } from "./exit";

export interface Outcome {
  code: number;
  /** How many resources for each operation, as the engine counts: create, update, same, … */
  changes: Record<string, number>;
  errors: string[];
  /** The whole output, in a file. */
  log: string;
}

/** A short command; its output is returned. */
export function pulumi(context: Context, args: readonly string[], timeout = 120): Promise<Result> {
  const all = ["--non-interactive", "--color", "never", ...args];
  return run(pulumiWrapper(context.paths), all, {
    cwd: context.paths.root,
    env: context.environment,
    timeout,
  });
}

/** `up` or `destroy`, with progress in compact form. The whole output is kept in `.vxlab/log`. */
export async function change(
  context: Context,
  verb: "up" | "destroy",
  stack: string,
  more: readonly string[],
): Promise<Outcome> {
  const { paths, out } = context;
  mkdirSync(paths.logs, { recursive: true });
  const log = join(paths.logs, `${verb}.log`);
  const events = eventLog(paths.logs);
  const fixed = ["--yes", "--skip-preview", "--non-interactive", "--color", "never", "--suppress-progress"];
  const args = [verb, "--stack", stack, ...fixed, "--event-log", events.path, ...more];
  // The flag --event-log is there only with this variable (pkg/cmd/pulumi/operations/up.go).
  const env = { ...context.environment, PULUMI_DEBUG_COMMANDS: "true" };
  return out.step(`pulumi ${verb} (stack ${stack})`, async (say) => {
    const progress = new Progress((text) => out.line(text), say);
    const take = () => events.read().forEach((event) => progress.take(event));
    const timer = setInterval(() => {
      take();
      progress.tick();
    }, 150);
    const code = await logged(pulumiWrapper(paths), args, { cwd: paths.root, env, log });
    clearInterval(timer);
    take();
    events.close();
    return { code, changes: progress.changes, errors: progress.errors, log };
  });
}

/** Shows what went wrong. Settings that are refused are the user's to mend: another exit code. */
export function failure(context: Context, outcome: Outcome): number {
  const { errors, log } = outcome;
  const shown =
    errors.length > 0 ? errors : [readFileSync(log, "utf8").trim().split("\n").slice(-30).join("\n")];
  for (const error of shown) context.out.line(`\n${error}${cureOf(error)}`);
  context.out.line(`\nthe whole output: ${log}`);
  if (outcome.code === 130) {
    context.out.line("interrupted; the same command goes on from here");
    return outcome.code;
  }
  return errors.some((error) => error.includes("The lab's settings have")) ? Exit.usage : Exit.failed;
}

/** What SSH says of a host that is there already has no path of a setting, and no cure. */
const CURES: readonly (readonly [RegExp, (host: string) => string])[] = [
  [
    /host key mismatch/,
    (host) => `${host}.existing.hostKey is not its key, which is there in /etc/ssh/ssh_host_ed25519_key.pub`,
  ],
  [
    /unable to authenticate/,
    (host) =>
      `the public part of ${host}.existing.keyFile belongs into the authorized_keys of ${host}.existing.user there`,
  ],
  [
    /no route to host|connection refused|i\/o timeout/,
    (host) => `no SSH answers at ${host}.address, or at existing.sshAddress and port where they are written`,
  ],
];

/** An empty text where there is none to tell. */
export function cureOf(error: string): string {
  const host = /^Command [^-]+-(.+)-check: /.exec(error)?.[1];
  const cure = CURES.find(([words]) => words.test(error))?.[1];
  return host === undefined || cure === undefined ? "" : `\n  ${cure(`hosts.${host}`)}`;
}

export function summary(changes: Readonly<Record<string, number>>): string {
  const words = Object.entries(changes).map(([op, count]) => `${count} ${op === "same" ? "unchanged" : op}`);
  return words.length === 0 ? "nothing to do" : words.sort().join(", ");
}

interface Logged {
  cwd: string;
  env: Environment;
  log: string;
}

/**
 * An interrupt from the terminal reaches Pulumi by itself, and Pulumi then ends in good order: it is waited for.
 * A termination is handed on as an interrupt.
 */
function logged(command: string, args: readonly string[], { cwd, env, log }: Logged): Promise<number> {
  const file = openSync(log, "w");
  const child = spawn(command, [...args], { cwd, env: { ...env }, stdio: ["ignore", file, file] });
  let interrupted = false;
  const wait = () => (interrupted = true);
  const hand = () => (interrupted = child.kill("SIGINT"));
  process.on("SIGINT", wait).on("SIGTERM", hand).on("SIGHUP", hand);
  return new Promise<number>((resolve, reject) => {
    child
      .on("error", reject)
      .on("close", (code, signal) =>
        resolve(interrupted && code !== 0 ? 130 : (code ?? (signal === null ? 1 : 130))),
      );
  }).finally(() => {
    process.off("SIGINT", wait).off("SIGTERM", hand).off("SIGHUP", hand);
    closeSync(file);
  });
}
