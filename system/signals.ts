/** Passes signals on to a program that this process waits for. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";

export const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A shell's exit code for a signal: 128 plus its number, 130 for SIGINT. */
export const signalCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** True for the exit code of a run that SIGINT, SIGTERM or SIGHUP has ended. */
export const wasInterrupted = (code: number): boolean =>
  SIGNALS.some((signal) => signalCode(signal) === code);

export interface Passing {
  /** The first signal that arrived. */
  received(): NodeJS.Signals | undefined;
  stop(): void;
}

/**
 * Until `stop`, this process survives these signals and passes them on to the child. A terminal sends Ctrl-C to the whole process
 * group, so then the child has it already: a second SIGINT would make Pulumi stop at once.
 */
export function passSignals(child: ChildProcess): Passing {
  let first: NodeJS.Signals | undefined;
  let witness = new Witness();
  const hand = (signal: NodeJS.Signals): void => {
    first ??= signal;
    void witness.saw(signal).then((whole) => {
      if (!whole)
        child.kill(signal === "SIGHUP" ? "SIGTERM" : signal); // Pulumi does not clean up after a SIGHUP
      else if (!witness.alive) witness = new Witness();
    });
  };
  for (const signal of SIGNALS) process.on(signal, hand);
  return {
    received: () => first,
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, hand);
      witness.end();
    },
  };
}

/** By then a signal has reached the whole group, ms. */
const SENT_MS = 50;

/** A process of the same group. Only a signal to the whole group ends it before this process ends. */
class Witness {
  private readonly child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] }).on("error", () => undefined);

  constructor() {
    this.child.unref();
    this.child.stdin?.on("error", () => undefined);
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async saw(signal: NodeJS.Signals): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, SENT_MS));
    return this.child.signalCode !== null || this.hasPending(signal);
  }

  end(): void {
    this.child.stdin?.end();
  }

  /** On a busy machine the signal may still be pending, or the process may be a zombie. */
  private hasPending(signal: NodeJS.Signals): boolean {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
      const pending = BigInt(`0x${/^ShdPnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
      const bit = 1n << BigInt(constants.signals[signal] - 1);
      return /^State:\s+[ZX]/m.test(status) || (pending & bit) !== 0n;
    } catch {
      return this.child.pid !== undefined;
    }
  }
}
