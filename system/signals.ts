/** Signals for a program that this process waits for. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** As a shell has it: 128 and the signal's number; 130 for SIGINT. */
export const signalCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** True for the exit code of a run that was asked to end (SIGINT, SIGTERM, SIGHUP). */
export const wasInterrupted = (code: number): boolean =>
  SIGNALS.some((signal) => signalCode(signal) === code);

export interface Passing {
  /** The first signal that came. */
  received(): NodeJS.Signals | undefined;
  stop(): void;
}

/**
 * Until `stop`, this process outlives such a signal, and the child gets it. A terminal's Ctrl-C goes to the whole process group, so
 * the child has it already: a second one would make Pulumi give up at once.
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

/** Long enough for a signal to be sent to a whole group, ms. */
const SENT_MS = 50;

/** A process of the same group, which dies of a signal for the group, and of nothing else before this one ends. */
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

  /** On a busy machine it may not have come to die yet. */
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
