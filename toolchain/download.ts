/** Fetching files with what Node.js brings: a bare machine need not have curl. */
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Bounds, in milliseconds. */
export interface Patience {
  /** Until a server has answered, its name found included. */
  answer: number;
  /** How long less than 1 kB/s may come: a download is bounded by its speed, not by its length. */
  slow: number;
  /** For a whole file. */
  total: number;
}

export const patience: Patience = { answer: 10_000, slow: 20_000, total: 900_000 };

/** True when something is at the address, whatever has to be followed to it. */
export async function answers(url: string, { answer }: Patience = patience): Promise<boolean> {
  try {
    return (await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(answer) })).ok;
  } catch {
    return false;
  }
}

/** False when it did not come as a whole: what is in the file then is of no use. */
export async function download(url: string, file: string, limits: Patience = patience): Promise<boolean> {
  const end = new AbortController();
  const stop = () => end.abort();
  const first = setTimeout(stop, limits.answer);
  const last = setTimeout(stop, limits.total);
  const watch = new Watch(limits.slow, stop);
  try {
    const { ok, body } = await fetch(url, { signal: end.signal });
    clearTimeout(first);
    if (!ok || body === null) return false;
    await pipeline(body, watch.start(), createWriteStream(file), { signal: end.signal });
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(first);
    clearTimeout(last);
    watch.end();
    stop(); // the body of a refusal is not read: it would hold the connection, and with it our end
  }
}

/** Counts what passes, and stops a line that is as good as dead. */
class Watch {
  private bytes = 0;
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly window: number,
    private readonly stop: () => void,
  ) {}

  start(): Transform {
    this.timer = setInterval(() => {
      if (this.bytes < this.window) this.stop(); // a byte a millisecond
      this.bytes = 0;
    }, this.window);
    return new Transform({
      transform: (chunk: Buffer, _, done) => {
        this.bytes += chunk.length;
        done(null, chunk);
      },
    });
  }

  end(): void {
    clearInterval(this.timer);
  }
}
