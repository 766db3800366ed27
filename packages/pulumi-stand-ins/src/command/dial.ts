// Dials as long as the vendor's plugin: the same number of errors, and the same total time.
import type { Client, ClientChannel } from "ssh2";
import { address, credentialsOf } from "./connection";
import type { Connection, Credentials, Endpoint } from "./connection";
import { checkAgent, handshake } from "./handshake";
import { connectTcp, waitOrBanner } from "./tcp";
import { orAborted } from "../lib/cancel";
import type { Logger } from "../lib/engine";
import { messageOf } from "../lib/errors";

// sdk/go/common/util/retry of pulumi/pulumi
const firstDelay = 100;
const backoff = 1.5;
const longestDelay = 5000;

/** A failure before SSH began: polling the port may help. */
class NotListening extends Error {}

/** Dials until it succeeds, the error limit is exceeded, or the signal aborts it. */
export async function dial(connection: Connection, signal: AbortSignal, log: Logger): Promise<Client> {
  const credentials = await parsed(connection);
  const { proxy } = connection;
  if (proxy === undefined)
    return retrying("Dial", connection, connection, signal, log, () =>
      direct(connection, credentials, signal),
    );
  try {
    const proxyCredentials = await parsed(proxy);
    const jump = await retrying("Dial proxy", proxy, proxy, signal, log, () =>
      direct(proxy, proxyCredentials, signal),
    );
    try {
      return await throughProxy(jump, connection, credentials, signal, log);
    } catch (e) {
      jump.destroy();
      throw e;
    }
  } catch (e) {
    throw signal.aborted ? e : new Error(`proxy: ${messageOf(e)}`);
  }
}

async function parsed(endpoint: Endpoint): Promise<Credentials> {
  const credentials = await credentialsOf(endpoint);
  checkAgent(credentials.agent);
  return credentials;
}

async function direct(endpoint: Endpoint, credentials: Credentials, signal: AbortSignal): Promise<Client> {
  const socket = await connectTcp(endpoint, endpoint.perDialTimeout * 1000, signal).catch((e: unknown) => {
    throw signal.aborted ? e : new NotListening(messageOf(e));
  });
  let spoke = false;
  socket.once("data", () => (spoke = true));
  try {
    return await handshake(socket, endpoint, credentials, signal);
  } catch (e) {
    socket.destroy();
    throw spoke || signal.aborted ? e : new NotListening(messageOf(e));
  }
}

/** Each attempt opens a new channel. (The vendor's plugin repeats the handshake on the failed one.) */
async function throughProxy(
  jump: Client,
  target: Connection,
  credentials: Credentials,
  signal: AbortSignal,
  log: Logger,
): Promise<Client> {
  const client = await retrying("Dial", target, undefined, signal, log, async () => {
    const channel = await orAborted(signal, forward(jump, target));
    return handshake(channel, target, credentials, signal);
  });
  client.once("close", () => jump.end());
  return client;
}

function forward(jump: Client, target: Endpoint): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    jump.forwardOut("127.0.0.1", 0, target.host, target.port, (e, channel) =>
      e ? reject(new Error(`ssh: rejected: ${e.message} (${address(target)})`)) : resolve(channel),
    );
  });
}

async function retrying(
  what: string,
  endpoint: Endpoint,
  watched: Endpoint | undefined,
  signal: AbortSignal,
  log: Logger,
  attempt: () => Promise<Client>,
): Promise<Client> {
  const limit = endpoint.dialErrorLimit;
  let delay = firstDelay;
  // If the dial fails after all, the time saved by polling is added to the next wait: the total time stays the same.
  let owed = 0;
  for (let dials = 1; ; dials++) {
    try {
      return await attempt();
    } catch (e) {
      if (signal.aborted) throw signal.reason;
      if (limit > -1 && dials > limit)
        throw new Error(`after ${String(limit)} failed attempts: ${messageOf(e)}`, { cause: e });
      log.status("info", `${what} ${String(dials)}/${limit === -1 ? "inf" : String(limit)} failed: retrying`);
      const watch = e instanceof NotListening && owed === 0 ? watched : undefined;
      owed = await waitOrBanner(delay + owed, watch, signal);
      delay = Math.min(delay * backoff, longestDelay);
    }
  }
}
