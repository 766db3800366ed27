/** Downloads files with Node.js alone: a bare machine may lack curl. */
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Time limits, ms. */
export interface Patience {
  /** Until the server answers, DNS included. */
  answer: number;
  /** How long the speed may stay below 1 kB/s: the limit is the speed, not the size. */
  slow: number;
  /** For a whole file. */
  total: number;
}

export const patience: Patience = { answer: 10_000, slow: 20_000, total: 900_000 };

/** True if a request for the URL succeeds, redirects included. */
export async function answers(url: string, { answer }: Patience = patience): Promise<boolean> {
  try {
    return (await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(answer) })).ok;
  } catch {
    return false;
  }
}

/** False if the download is not complete: then the file is unusable. */
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
    stop(); // the body of an error response is not read: it would keep the connection and this process open
  }
}

/** Counts the bytes that pass, and stops a download that is too slow. */
class Watch {
  private bytes = 0;
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly window: number,
    private readonly stop: () => void,
  ) {}

  start(): Transform {
    this.timer = setInterval(() => {
      if (this.bytes < this.window) this.stop(); // one byte per ms
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
