// Aborts operations at their time limit and at the engine's Cancel.
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

  /** Aborts running and later operations: after Cancel, the engine sends nothing more. */
  cancel(): void {
    this.cancelled = true;
    for (const c of this.running) c.abort(cancelledError());
  }
}

// The error texts of Go's context package, as the vendor's plugins print them.
function cancelledError(): RpcError {
  return new RpcError(status.CANCELLED, "context canceled");
}

function deadlineError(): RpcError {
  return new RpcError(status.DEADLINE_EXCEEDED, "context deadline exceeded");
}

/** Rejects with the reason when the signal is aborted. Dispose of it after the race. */
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
