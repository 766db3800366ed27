// Starts a plugin, and new SSH servers on 127.0.0.1 for each test.
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { Provider } from "./driver";
import type { Props } from "./driver";
import { FakeSsh, keyPair } from "./fake-ssh";
import type { FakeSshOptions } from "./fake-ssh";
import { secret } from "./values";

export const urn = "urn:pulumi:s::p::command:remote:Command::x";
export const otherKey = keyPair();
export const secretText = "s3cr3t-passw0rd";

export interface Bench {
  readonly p: Provider;
  readonly ssh: FakeSsh;
  serve: (options?: FakeSshOptions) => Promise<FakeSsh>;
  /** What has been logged since the last call. */
  messages: () => string[];
}

/** Registers its hooks; call it in a `describe`. */
export function useBench(path: () => Promise<string>): Bench {
  let p: Provider | undefined;
  let ssh: FakeSsh | undefined;
  const servers: FakeSsh[] = [];
  const serve = async (options: FakeSshOptions = {}): Promise<FakeSsh> => {
    const server = await new FakeSsh({ acceptEnv: (n) => n !== "REFUSED", ...options }).start();
    servers.push(server);
    return server;
  };
  beforeAll(async () => {
    p = await Provider.start(await path(), { SSH_AUTH_SOCK: "" });
  }, 60_000);
  afterAll(() => p?.stop());
  beforeEach(async () => {
    ssh = await serve();
    p?.engine.logs.splice(0);
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((s) => s.stop()));
  });
  return {
    get p() {
      return present(p);
    },
    get ssh() {
      return present(ssh);
    },
    serve,
    messages: () =>
      present(p)
        .engine.logs.splice(0)
        .map((l) => l.message),
  };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("only inside a test");
  return value;
}

/** The inputs of a connection to `server`, as Check returns them. Null removes a field. */
export function to(server: FakeSsh, more: Props = {}): Props {
  const own: Props = {
    host: "127.0.0.1",
    port: server.port,
    user: "root",
    hostKey: server.hostKeys.public,
    privateKey: secret(server.clientKey.private),
    dialErrorLimit: 2,
    perDialTimeout: 2,
    ...more,
  };
  return secret(Object.fromEntries(Object.entries(own).filter(([, v]) => v !== null)));
}

/** A port without a listener. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
