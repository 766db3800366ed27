// Turns a connected stream into an authenticated SSH client.
import { statSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { AnyAuthMethod, Client, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import type { Credentials, Endpoint } from "./connection";
import { orAborted } from "../lib/cancel";

/** ms. The vendor's plugin waits forever. Long, because an emulated machine needs seconds for its keys while it boots. */
const handshakeLimit = 60_000;
/** Detects a dead host within five minutes. The vendor's plugin notices when TCP gives up, or never. */
const keepalive = { keepaliveInterval: 30_000, keepaliveCountMax: 10 };

export async function handshake(
  stream: Duplex,
  endpoint: Endpoint,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<Client> {
  const { default: ssh2 } = await import("ssh2");
  const client = new ssh2.Client();
  const tried: string[] = [];
  let mismatch = false;
  let methods: readonly string[] | null = null;
  const ready = new Promise<Client>((resolve, reject) => {
    client.once("ready", () => resolve(client));
    client.once("error", (e) => reject(new Error(`ssh: handshake failed: ${reason(e, tried, mismatch)}`)));
    client.once("close", () => reject(new Error("ssh: handshake failed: EOF")));
    client.connect({
      ...config(stream, endpoint, credentials),
      // Called during the key exchange, before any credentials are sent.
      hostVerifier: (key: Buffer): boolean => {
        mismatch = credentials.hostKey !== undefined && !credentials.hostKey.getPublicSSH().equals(key);
        return !mismatch;
      },
      authHandler: (left, _partial, next) => {
        // If the server lists no methods, the last list still holds.
        if (methods === null || left.length > 0) methods = left;
        next(nextMethod(endpoint, credentials, methods, tried) as AnyAuthMethod);
      },
    });
  });
  try {
    return await orAborted(signal, ready);
  } catch (e) {
    ready.catch(() => undefined);
    client.on("error", () => undefined);
    client.destroy();
    throw e;
  }
}

function config(stream: Duplex, endpoint: Endpoint, credentials: Credentials): ConnectConfig {
  const type = credentials.hostKey?.type;
  const rsa = ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"];
  const serverHostKey = (type === "ssh-rsa" ? rsa : [type]) as ServerHostKeyAlgorithm[];
  return {
    sock: stream,
    username: endpoint.user,
    readyTimeout: handshakeLimit,
    ...keepalive,
    ...(type === undefined ? {} : { algorithms: { serverHostKey } }),
  };
}

/**
 * The vendor's order: none, the private key or else the agent, then the password in both of its forms. Records each
 * method in `tried`. `left` is what the server still accepts, null at the start.
 */
function nextMethod(
  endpoint: Endpoint,
  credentials: Credentials,
  left: readonly string[] | null,
  tried: string[],
): AnyAuthMethod | false {
  const { user: username, password } = endpoint;
  const methods: AnyAuthMethod[] = [{ type: "none", username }];
  if (credentials.privateKey) methods.push({ type: "publickey", username, key: credentials.privateKey });
  else if (credentials.agent !== undefined)
    methods.push({ type: "agent", username, agent: credentials.agent });
  if (password !== undefined) {
    const prompt: Extract<AnyAuthMethod, { type: "keyboard-interactive" }>["prompt"] = (
      _n,
      _i,
      _l,
      prompts,
      answer,
    ) => answer(prompts.map(() => password));
    methods.push({ type: "password", username, password });
    methods.push({ type: "keyboard-interactive", username, prompt });
  }
  const next = methods.find((m) => {
    const name = m.type === "agent" ? "publickey" : m.type;
    return !tried.includes(name) && (left === null || left.includes(name));
  });
  if (next) tried.push(next.type === "agent" ? "publickey" : next.type);
  return next ?? false;
}

function reason(e: Error & { level?: string }, tried: string[], mismatch: boolean): string {
  if (mismatch) return "ssh: host key mismatch";
  if (e.level === "client-authentication") {
    return `ssh: unable to authenticate, attempted methods [${tried.join(" ")}], no supported methods remain`;
  }
  if (e.level === "client-timeout") return `no answer within ${String(handshakeLimit / 1000)} s`;
  return e.message;
}

/** If SSH_AUTH_SOCK names a dead agent, that is an error even with a private key, as in the vendor's plugin. */
export function checkAgent(path: string | undefined): void {
  if (path === undefined) return;
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw new Error(`dial unix ${path}: connect: no such file or directory`);
  }
}
