// TCP connections to a machine that may still be booting.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { address } from "./connection";
import { aborted, orAborted, sleep } from "../lib/cancel";

export interface Target {
  host: string;
  port: number;
}

// The kernel repeats a lost SYN after 1, 3, 7, 15 s, so it finds a machine that boots in between late. A second
// attempt beside the first finds it within a second.
const again = 1000;

/** Connects within `limit` ms (0: as long as the kernel tries). Errors have Go's texts. */
export async function connectTcp(target: Target, limit: number, signal: AbortSignal): Promise<Socket> {
  const sockets: Socket[] = [];
  const timers: NodeJS.Timeout[] = [];
  const attempt = new Promise<Socket>((resolve, reject) => {
    const start = (): void => {
      const socket = connect({ host: target.host, port: target.port, noDelay: true });
      sockets.push(socket);
      socket.once("connect", () => resolve(socket));
      socket.once("error", (e: NodeJS.ErrnoException) => reject(new Error(dialError(target, e))));
    };
    start();
    timers.push(setInterval(start, again));
    if (limit > 0)
      timers.push(setTimeout(() => reject(new Error(`dial tcp ${address(target)}: i/o timeout`)), limit));
  });
  let winner: Socket | undefined;
  try {
    winner = await orAborted(signal, attempt);
    return winner;
  } finally {
    attempt.catch(() => undefined);
    timers.forEach(clearTimeout);
    sockets.filter((s) => s !== winner).forEach((s) => s.on("error", () => undefined).destroy());
  }
}

function dialError(target: Target, e: NodeJS.ErrnoException): string {
  const reasons: { [code: string]: string } = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ECONNRESET: "read: connection reset by peer",
    ETIMEDOUT: "connect: connection timed out",
  };
  if (e.code === "ENOTFOUND" || e.code === "EAI_AGAIN")
    return `dial tcp: lookup ${target.host}: no such host`;
  return `dial tcp ${address(target)}: ${reasons[e.code ?? ""] ?? e.message}`;
}

const pollEvery = 200;
const pollLimit = 2000;

/**
 * Waits for `ms`, or until the target sends an SSH banner, so that a booting machine is reached at once. Returns the
 * milliseconds saved. A poll that fails does not count as a dial error.
 */
export async function waitOrBanner(
  ms: number,
  target: Target | undefined,
  signal: AbortSignal,
): Promise<number> {
  const end = Date.now() + ms;
  if (target === undefined) {
    await sleep(ms, signal);
    return 0;
  }
  while (Date.now() < end) {
    await sleep(Math.min(pollEvery, end - Date.now()), signal);
    const left = end - Date.now();
    if (left > 0 && (await showsBanner(target, Math.min(pollLimit, left), signal))) break;
  }
  return Math.max(0, end - Date.now());
}

async function showsBanner(target: Target, limit: number, signal: AbortSignal): Promise<boolean> {
  const socket = connect({ host: target.host, port: target.port });
  const abort = aborted(signal);
  let timer: NodeJS.Timeout | undefined;
  const seen = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limit);
    socket.on("data", (d: Buffer) => resolve(d.toString("latin1", 0, 4) === "SSH-"));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
  try {
    return await Promise.race([seen, abort.promise]);
  } finally {
    abort.dispose();
    clearTimeout(timer);
    socket.destroy();
  }
}
