// Ties an operation to its time limit and to the engine's Cancel.
import { status } from "@grpc/grpc-js";
import { RpcError } from "./errors";

export class Operations {
  private readonly running = new Set<AbortController>();
  private cancelled = false;

  /** `seconds` 0: no limit. */
  async run<T>(seconds: number, operation: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (this.cancelled) controller.abort(cancelledError());
    this.running.add(controller);
    const timer =
      seconds > 0 ? setTimeout(() => controller.abort(deadlineError()), seconds * 1000) : undefined;
    try {
      return await operation(controller.signal);
    } finally {
      clearTimeout(timer);
      this.running.delete(controller);
    }
  }

  /** Ends what runs, and whatever comes after: the engine sends nothing more once it has cancelled. */
  cancel(): void {
    this.cancelled = true;
    for (const c of this.running) c.abort(cancelledError());
  }
}

// The texts of Go's context package, which the vendor's plugins show.
function cancelledError(): RpcError {
  return new RpcError(status.CANCELLED, "context canceled");
}

function deadlineError(): RpcError {
  return new RpcError(status.DEADLINE_EXCEEDED, "context deadline exceeded");
}

/** Rejects with the reason as soon as the signal is aborted. Dispose of it when the race is over. */
export function aborted(signal: AbortSignal): { promise: Promise<never>; dispose: () => void } {
  let onAbort = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  promise.catch(() => undefined);
  return { promise, dispose: () => signal.removeEventListener("abort", onAbort) };
}

export async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const abort = aborted(signal);
  try {
    return await Promise.race([work, abort.promise]);
  } finally {
    abort.dispose();
  }
}

export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const rest = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  return orAborted(signal, rest).finally(() => clearTimeout(timer));
}
