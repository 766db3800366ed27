// SSH connections that are kept for a moment after a command: the next step on the same host starts without a
// new handshake, which on an emulated machine costs half a second.
import { createHash } from "node:crypto";
import type { Client } from "ssh2";
import { dial } from "./dial";
import type { Connection } from "./connection";
import { Session } from "./session";
import { sleep } from "../lib/cancel";
import type { Logger } from "../lib/engine";

const keep = 5000; // ms
/** How long a kept connection may take to show that it lives, before a new one is dialled instead. */
const proof = 10_000;

interface Kept {
  client: Client;
  timer: NodeJS.Timeout;
}

export class Pool {
  private readonly kept = new Map<string, Kept[]>();

  /**
   * Opens a session, on a kept connection if there is one that answers. A connection serves one command at a
   * time: one that breaks takes no other with it. `done` gives the connection back or ends it.
   */
  async session(
    connection: Connection,
    signal: AbortSignal,
    log: Logger,
  ): Promise<{ session: Session; done: (healthy: boolean) => void }> {
    const key = createHash("sha256").update(JSON.stringify(connection)).digest("hex");
    for (let client = this.take(key); client; client = this.take(key)) {
      const session = await this.proven(client, signal);
      if (session) return this.lease(key, client, session);
    }
    const client = await dial(connection, signal, log);
    client.on("error", () => undefined); // shows as a closed session
    try {
      return this.lease(key, client, await Session.open(client, signal));
    } catch (e) {
      client.destroy();
      throw e;
    }
  }

  /** Nothing has been sent yet: a connection that has died is simply replaced. */
  private async proven(client: Client, signal: AbortSignal): Promise<Session | undefined> {
    const limit = new AbortController();
    const late = sleep(proof, limit.signal).then(() => undefined);
    late.catch(() => undefined);
    const session = await Promise.race([Session.open(client, signal).catch(() => undefined), late]);
    limit.abort();
    if (session === undefined) client.destroy();
    if (signal.aborted) throw signal.reason;
    return session;
  }

  private lease(
    key: string,
    client: Client,
    session: Session,
  ): { session: Session; done: (healthy: boolean) => void } {
    return { session, done: (healthy) => (healthy ? this.give(key, client) : client.destroy()) };
  }

  private take(key: string): Client | undefined {
    const found = this.kept.get(key)?.pop();
    if (found) clearTimeout(found.timer);
    return found?.client;
  }

  private give(key: string, client: Client): void {
    const list = this.kept.get(key) ?? [];
    this.kept.set(key, list);
    const drop = (): void => {
      const at = list.findIndex((k) => k.client === client);
      if (at >= 0) list.splice(at, 1);
      if (list.length === 0 && this.kept.get(key) === list) this.kept.delete(key);
    };
    const timer = setTimeout(() => {
      drop();
      client.end();
    }, keep);
    list.push({ client, timer });
    client.once("close", () => {
      clearTimeout(timer);
      drop();
    });
  }
}
