// Keeps SSH connections open for a few seconds after a command: the next step on the same host then needs no
// handshake, which takes half a second on an emulated machine.
import { createHash } from "node:crypto";
import type { Client } from "ssh2";
import { dial } from "./dial";
import type { Connection } from "./connection";
import { Session } from "./session";
import { sleep } from "../lib/cancel";
import type { Logger } from "../lib/engine";

const keep = 5000; // ms
/** How long an open connection may take to answer before a new one is dialed, ms. */
const proof = 10_000;
/** Concurrent commands on one connection: sshd's default for MaxSessions is 10 (sshd_config(5)). */
const most = 8;

interface Open {
  client: Client;
  users: number;
  /** Closes the connection when it is idle. */
  timer?: NodeJS.Timeout;
}

interface Lease {
  session: Session;
  done: (healthy: boolean) => void;
}

/** Identifies endpoint and credentials; dial limits do not matter here. */
function wayOf({ proxy, ...target }: Connection): string {
  const way = [target, proxy].map((end) => end && { ...end, dialErrorLimit: 0, perDialTimeout: 0 });
  return createHash("sha256").update(JSON.stringify(way)).digest("hex");
}

export class Pool {
  private readonly open = new Map<string, Set<Open>>();

  /**
   * Opens a session, on an open connection if one answers. `done` returns the connection; after `done(false)` it takes
   * no further commands.
   */
  async session(connection: Connection, signal: AbortSignal, log: Logger): Promise<Lease> {
    const key = wayOf(connection);
    for (const one of [...(this.open.get(key) ?? [])]) {
      const lease = one.users < most ? await this.shared(key, one, signal) : undefined;
      if (lease) return lease;
    }
    const client = await dial(connection, signal, log);
    client.on("error", () => undefined); // seen as a closed session
    const one: Open = { client, users: 1 };
    try {
      const session = await Session.open(client, signal);
      this.enter(key, one);
      return { session, done: (healthy) => this.give(key, one, healthy) };
    } catch (e) {
      client.destroy();
      throw e;
    }
  }

  /** Undefined if the connection is dead or takes no more sessions: nothing has been sent yet, so another one can be used. */
  private async shared(key: string, one: Open, signal: AbortSignal): Promise<Lease | undefined> {
    clearTimeout(one.timer);
    one.users++;
    const limit = new AbortController();
    const late = sleep(proof, limit.signal).then(() => undefined);
    late.catch(() => undefined);
    const session = await Promise.race([Session.open(one.client, signal).catch(() => undefined), late]);
    limit.abort();
    if (session) return { session, done: (healthy) => this.give(key, one, healthy) };
    this.give(key, one, false);
    if (signal.aborted) throw signal.reason;
    return undefined;
  }

  private enter(key: string, one: Open): void {
    const all = this.open.get(key) ?? new Set();
    this.open.set(key, all.add(one));
    one.client.once("close", () => this.leave(key, one));
  }

  private leave(key: string, one: Open): void {
    clearTimeout(one.timer);
    const all = this.open.get(key);
    all?.delete(one);
    if (all?.size === 0) this.open.delete(key);
  }

  private give(key: string, one: Open, healthy: boolean): void {
    one.users--;
    if (!healthy) this.leave(key, one);
    if (one.users > 0) return;
    if (healthy && this.open.get(key)?.has(one)) {
      one.timer = setTimeout(() => {
        this.leave(key, one);
        one.client.end();
      }, keep);
    } else if (healthy) one.client.end();
    else one.client.destroy();
  }
}
