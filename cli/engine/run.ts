/** Pulumi as a child process that gets the signals of this one and ends with it. */
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Environment } from "../../system/paths";
import { leashScript, pulumiWrapper, type Paths } from "../../system/paths";
import { passSignals, signalCode } from "../../system/signals";

export interface Run {
  env: Environment;
  stdio: StdioOptions;
}

/** How a run ended. */
export interface Ending {
  /** 128 plus the number of the signal that ended the run, or that asked it to end. */
  code: number;
  /** Set when a signal ended the engine: its last operations are unknown. */
  killedBy?: NodeJS.Signals;
}

export async function runPulumi(paths: Paths, args: readonly string[], { env, stdio }: Run): Promise<Ending> {
  const run = randomUUID();
  const child = spawn(pulumiWrapper(paths), [...args], {
    cwd: paths.root,
    env: { ...env, VXLAB_RUN: run },
    stdio,
  });
  const ended = endOf(child); // before anything that may fail
  const passing = passSignals(child);
  const leash = child.pid === undefined ? undefined : leashOf(paths, run, child.pid);
  try {
    const { code, signal } = await ended;
    const asked = passing.received();
    const killedBy = signal !== null && signal !== asked ? signal : undefined;
    await leash?.(killedBy === undefined && signal === null);
    if (code === 0) return { code };
    const cause = signal ?? asked;
    return {
      code: cause === undefined ? (code ?? 1) : signalCode(cause),
      ...(killedBy === undefined ? {} : { killedBy }),
    };
  } finally {
    passing.stop();
  }
}

interface Exited {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const endOf = (child: ChildProcess): Promise<Exited> =>
  new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => resolve({ code, signal }));
  });

/**
 * Starts system/leash.sh in a session of its own, so that a signal to this process group does not reach it.
 *
 * @returns call it with false when the engine was killed: it resolves when no process of the run is left
 */
function leashOf(paths: Paths, run: string, pid: number): (wellEnded: boolean) => Promise<void> {
  const stdio: StdioOptions = ["pipe", "ignore", "ignore"];
  const leash = spawn(leashScript(paths), [run, String(pid)], { stdio, detached: true, cwd: "/" });
  const ended = new Promise<void>((resolve) =>
    leash.once("error", () => resolve()).once("exit", () => resolve()),
  );
  leash.stdin?.on("error", () => undefined);
  return async (wellEnded) => {
    leash.stdin?.end(wellEnded ? "done\n" : "");
    if (wellEnded) leash.unref();
    else await ended;
  };
}
