// The contract of command:remote:Command against an SSH server on 127.0.0.1.
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { generateKeyPairSync } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Provider } from "./driver";
import type { Props } from "./driver";
import { FakeSsh, keyPair } from "./fake-ssh";
import { targets } from "./targets";
import { secret } from "./values";

const urn = "urn:pulumi:s::p::command:remote:Command::x";
const otherKey = keyPair();
const secretText = "s3cr3t-passw0rd";

describe.each(targets("pulumi-resource-command"))("remote command, $label", ({ label, path }) => {
  const ours = label === "replacement";
  let p: Provider;
  let ssh: FakeSsh;
  const servers: FakeSsh[] = [];
  const sockets: Server[] = [];

  const serve = async (options: ConstructorParameters<typeof FakeSsh>[0] = {}): Promise<FakeSsh> => {
    const server = await new FakeSsh({ acceptEnv: (n) => n !== "REFUSED", ...options }).start();
    servers.push(server);
    return server;
  };
  /** What Check would have made of a connection to `server`. */
  const to = (server: FakeSsh, more: Props = {}): Props => {
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
  };
  const messages = (): string[] => p.engine.logs.splice(0).map((l) => l.message);
  const closedPort = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  };

  beforeAll(async () => {
    p = await Provider.start(await path(), { SSH_AUTH_SOCK: "" });
  }, 60_000);
  afterAll(() => p.stop());
  beforeEach(async () => {
    ssh = await serve();
    p.engine.logs.length = 0;
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((s) => s.stop()));
    sockets.splice(0).forEach((s) => s.close());
  });

  it("create: stdin, environment, both outputs, one newline less, lines logged for the resource", async () => {
    const create = 'echo "hi $A"; echo er >&2; cat; echo; echo';
    const { id, state } = await p.create(urn, {
      connection: to(ssh),
      create,
      stdin: "in",
      environment: { A: "b" },
    });
    expect(id).toMatch(/^x[0-9a-f]{8}$/);
    expect(state).toEqual({
      connection: to(ssh),
      create,
      stdin: "in",
      environment: { A: "b" },
      stdout: "hi b\nin\n",
      stderr: "er",
    });
    expect(p.engine.logs.every((l) => l.urn === urn && l.severity === 1 && l.ephemeral)).toBe(true);
    expect(messages().sort()).toEqual(["", "er", "hi b", "in"]);
  });

  it("a secret stays marked in the state", async () => {
    const inputs = { connection: to(ssh), create: secret("echo x"), stdin: secret("y") };
    const { state } = await p.create(urn, inputs);
    expect(state).toEqual({ ...inputs, stdout: "x", stderr: "" });
  });

  it.each([
    ["stdout", ["o"]],
    ["stderr", ["e"]],
    ["none", []],
    ["stdoutAndStderr", ["e", "o"]],
  ])("logging: %s", async (logging, lines) => {
    const { state } = await p.create(urn, { connection: to(ssh), create: "echo o; echo e >&2", logging });
    expect(state).toMatchObject({ stdout: "o", stderr: "e" });
    expect(messages().sort()).toEqual(lines);
  });

  it("update: runs `update`, else `create`, with the previous output in the environment", async () => {
    const say = "echo $PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR";
    const state = { connection: to(ssh), create: "x", stdout: "OLD", stderr: "OE" };
    expect(await p.update(urn, state, {}, { connection: to(ssh), create: say })).toMatchObject({
      stdout: "OLD OE",
    });
    const news = { connection: to(ssh), create: "exit 1", update: say, addPreviousOutputInEnv: false };
    expect(await p.update(urn, state, {}, news)).toEqual({ ...news, stdout: "", stderr: "" });
  });

  it("delete: runs the state's command, with the previous output in the environment", async () => {
    const state = {
      connection: to(ssh),
      delete: "echo $PULUMI_COMMAND_STDOUT >&2; exit 1",
      stdout: "OLD",
      stderr: "",
    };
    await expect(p.delete(urn, state, {})).rejects.toThrow(
      /^\d UNKNOWN: Process exited with status 1: .*\nOLD\n$/s,
    );
    await p.delete(urn, { ...state, delete: "true" }, {});
    expect(ssh.seen.commands).toEqual([state.delete, "true"]);
  });

  it("a failing script: status, command and whole output", async () => {
    const create = 'echo hi; sleep 0.1; echo er >&2; exit 3 # "q" \\ \t é \u0001';
    await expect(p.create(urn, { connection: to(ssh), create })).rejects.toMatchObject({
      code: 2,
      details:
        'Process exited with status 3: running "echo hi; sleep 0.1; echo er >&2; exit 3 # \\"q\\" \\\\ \\t é \\x01":\nhi\ner\n',
    });
  });

  it("a killed script", async () => {
    await expect(p.create(urn, { connection: to(ssh), create: "kill -9 $$" })).rejects.toMatchObject({
      details: 'Process exited with status 137 from signal KILL. Reason was: killed: running "kill -9 $$":\n',
    });
  });

  it("a variable that the server refuses: an error that says how, and nothing has run", async () => {
    const inputs = { connection: to(ssh), create: "echo hi", environment: { REFUSED: "1" } };
    await expect(p.create(urn, inputs)).rejects.toThrow(
      'could not set environment variable "REFUSED": ssh: setenv failed',
    );
    expect(ssh.seen.commands).toEqual([]);
    const [line] = p.engine.logs;
    expect(line).toMatchObject({ severity: 3, ephemeral: false });
    expect(line?.message).toMatch(/^Unable to set 'REFUSED'. This only works if.*AcceptEnv/s);
  });

  it("previous output that the server refuses: a warning only", async () => {
    const server = await serve({ acceptEnv: () => false });
    const state = { connection: to(server), create: "x", stdout: "OLD", stderr: "" };
    expect(await p.update(urn, state, {}, { connection: to(server), create: "echo ok" })).toMatchObject({
      stdout: "ok",
    });
    expect(p.engine.logs.filter((l) => l.severity === 2)).toHaveLength(1);
  });

  it("1 MB of output in lines", async () => {
    const create = "yes 123456789012345 | head -c 1048576";
    const { state } = await p.create(urn, { connection: to(ssh), create, logging: "none" });
    expect((state.stdout as string).length).toBe((1 << 20) - 1);
  });

  it("1 MB on stdin", async () => {
    const stdin = "x".repeat(1 << 20);
    const { state } = await p.create(urn, { connection: to(ssh), create: "wc -c", stdin });
    expect((state.stdout as string).trim()).toBe(String(1 << 20));
  });

  it("stdin that the command does not read", async () => {
    const { state } = await p.create(urn, {
      connection: to(ssh),
      create: "echo done",
      stdin: "x".repeat(1 << 18),
    });
    expect(state.stdout).toBe("done");
  });

  // The vendor's hangs: bufio.Scanner stops at 64 KiB, and nobody reads on.
  it.runIf(ours)("unlike the vendor's: 1 MB in one line, logged, does not hang", async () => {
    const { state } = await p.create(urn, {
      connection: to(ssh),
      create: "head -c 1048576 /dev/zero | tr '\\0' x",
    });
    expect((state.stdout as string).length).toBe(1 << 20);
    expect(messages().join("").length).toBe(1 << 20);
  });

  it.runIf(ours)("unlike the vendor's: 1 MB of logged lines leaves in few messages", async () => {
    await p.create(urn, { connection: to(ssh), create: "yes 1234567 | head -c 1048576" });
    expect(p.engine.logs.length).toBeLessThan(5000);
    expect(messages().join("\n").length).toBe((1 << 20) - 1);
  });

  describe("host key", () => {
    it("a wrong one is refused before anything is sent, as often as dialErrorLimit says", async () => {
      const connection = to(ssh, { hostKey: otherKey.public, password: secret(secretText) });
      await expect(p.create(urn, { connection, create: "echo hi" })).rejects.toMatchObject({
        details: "after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch",
      });
      expect(ssh.seen).toMatchObject({ auth: [], commands: [], ready: 0 });
      expect(messages()).toEqual(["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
    });

    it("one with a comment is taken, none is not looked at", async () => {
      for (const hostKey of [`${ssh.hostKeys.public} some comment`, null]) {
        const { state } = await p.create(urn, { connection: to(ssh, { hostKey }), create: "echo hi" });
        expect(state.stdout).toBe("hi");
      }
    });

    it("one that is no key", async () => {
      for (const hostKey of ["garbage", "ssh-ed25519 AAAA"]) {
        const made = p.create(urn, { connection: to(ssh, { hostKey }), create: "echo hi" });
        await expect(made).rejects.toThrow("failed to parse host key: ssh: no key found");
      }
    });
  });

  describe("authentication", () => {
    const methods: [string, (s: FakeSsh) => Props, ConstructorParameters<typeof FakeSsh>[0]][] = [
      ["password", () => ({ privateKey: null, password: secret(secretText) }), { password: secretText }],
      [
        "keyboard-interactive",
        () => ({ privateKey: null, password: secret(secretText) }),
        { password: secretText, keyboardInteractive: true },
      ],
      [
        "a key, then the password",
        () => ({ privateKey: otherKey.private, password: secretText }),
        { password: secretText },
      ],
    ];
    it.each(methods)("%s", async (_name, more, options) => {
      const server = await serve(options);
      const { state } = await p.create(urn, { connection: to(server, more(server)), create: "echo hi" });
      expect(state.stdout).toBe("hi");
    });

    it("an encrypted key", async () => {
      const key = keyPair({ passphrase: "pp", cipher: "aes256-ctr" });
      const server = await serve({ authorizedKey: key.public });
      const connection = to(server, { privateKey: key.private, privateKeyPassword: "pp" });
      expect((await p.create(urn, { connection, create: "echo hi" })).state.stdout).toBe("hi");
    });

    it.each(["rsa", "ec", "ed25519"] as const)("a PKCS #8 key, %s", async (type) => {
      const options = { modulusLength: 2048, namedCurve: "P-256" };
      const { privateKey } = generateKeyPairSync(type as "rsa", options);
      const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
      const old =
        type === "ed25519"
          ? undefined
          : privateKey.export({ format: "pem", type: type === "ec" ? "sec1" : "pkcs1" } as {
              format: "pem";
              type: "sec1";
            });
      const x = Buffer.from(privateKey.export({ format: "jwk" }).x ?? "", "base64url");
      const blob = Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), x]).toString(
        "base64",
      );
      const server = await serve({
        authorizedKey: old === undefined ? `ssh-ed25519 ${blob}` : old.toString(),
      });
      const { state } = await p.create(urn, {
        connection: to(server, { privateKey: pem }),
        create: "echo hi",
      });
      expect(state.stdout).toBe("hi");
    });

    const encrypted = keyPair({
      passphrase: "pp",
      cipher: "aes256-ctr",
    }).private;
    const refused: [string, Props, string][] = [
      [
        "no method",
        { privateKey: null },
        "after 2 failed attempts: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none], no supported methods remain",
      ],
      [
        "an unknown key",
        { privateKey: otherKey.private },
        "after 2 failed attempts: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain",
      ],
      [
        "a wrong password",
        { privateKey: null, password: "no" },
        "after 2 failed attempts: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none password], no supported methods remain",
      ],
      ["a key that is none", { privateKey: "garbage" }, "ssh: no key found"],
      [
        "an encrypted key without its password",
        { privateKey: encrypted },
        "ssh: this private key is passphrase protected",
      ],
      [
        "an encrypted key with another password",
        { privateKey: encrypted, privateKeyPassword: "no" },
        "x509: decryption password incorrect",
      ],
      [
        "an agent that is not there",
        { agentSocketPath: "/nonexistent" },
        "dial unix /nonexistent: connect: no such file or directory",
      ],
    ];
    it.each(refused)("%s", async (_name, more, details) => {
      const server = await serve({ password: "yes" });
      const made = p.create(urn, { connection: to(server, more), create: "echo hi" });
      await expect(made).rejects.toMatchObject({ code: 2, details });
      expect(server.seen.commands).toEqual([]);
    });
  });

  describe("dialing", () => {
    it("an unreachable host: bounded by dialErrorLimit", async () => {
      const start = Date.now();
      const connection = to(ssh, { port: await closedPort(), dialErrorLimit: 4 });
      await expect(p.create(urn, { connection, create: "echo hi" })).rejects.toThrow(
        /after 4 failed attempts: dial tcp 127.0.0.1:\d+: connect: connection refused/,
      );
      // 100 + 150 + 225 + 337 ms
      expect(Date.now() - start).toBeGreaterThan(800);
      expect(Date.now() - start).toBeLessThan(8000);
      expect(messages()).toEqual([1, 2, 3, 4].map((n) => `Dial ${String(n)}/4 failed: retrying`));
    });

    it("a failed authentication takes the same time: seeing the port does not shorten it", async () => {
      const start = Date.now();
      const connection = to(ssh, { privateKey: otherKey.private, dialErrorLimit: 4 });
      await expect(p.create(urn, { connection, create: "echo hi" })).rejects.toThrow(
        "after 4 failed attempts",
      );
      expect(Date.now() - start).toBeGreaterThan(800);
    });

    it("the time limit ends endless dialing", async () => {
      const connection = to(ssh, { port: await closedPort(), dialErrorLimit: -1 });
      const start = Date.now();
      const made = p.create(urn, { connection, create: "echo hi" }, { timeout: 2 });
      await expect(made).rejects.toMatchObject({ code: 4, details: "context deadline exceeded" });
      expect(Date.now() - start).toBeLessThan(8000);
      expect(messages()[0]).toBe("Dial 1/inf failed: retrying");
    });

    it("a command that runs when its time is over comes to its end", async () => {
      const { state } = await p.create(
        urn,
        { connection: to(ssh), create: "sleep 1.5; echo done" },
        { timeout: 1 },
      );
      expect(state.stdout).toBe("done");
    });

    // The vendor's waits for ever: its perDialTimeout is for the TCP connection only.
    it.runIf(ours)(
      "unlike the vendor's: a host that accepts and says nothing is bounded by the time limit",
      async () => {
        const mute = createServer(() => undefined);
        sockets.push(mute);
        await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
        const connection = to(ssh, { port: (mute.address() as AddressInfo).port });
        const made = p.create(urn, { connection, create: "echo hi" }, { timeout: 1 });
        await expect(made).rejects.toMatchObject({ code: 4 });
      },
    );

    it.runIf(ours)("unlike the vendor's: a host that starts is met as soon as its port answers", async () => {
      const port = await closedPort();
      const keys = keyPair();
      const client = keyPair();
      const own: Props = {
        host: "127.0.0.1",
        port,
        user: "root",
        hostKey: keys.public,
        privateKey: client.private,
        dialErrorLimit: 10,
        perDialTimeout: 15,
      };
      const made = p.create(urn, { connection: secret(own), create: "echo up" });
      // The waits are 0.10 0.15 0.23 0.34 0.51 0.76 1.14 1.71 s: at 3.3 s the vendor's sleeps until 4.9 s.
      await new Promise((resolve) => setTimeout(resolve, 3300));
      const up = Date.now();
      await serve({ port, hostKey: keys, authorizedKey: client.public });
      expect((await made).state.stdout).toBe("up");
      expect(Date.now() - up).toBeLessThan(1300);
    });

    it("through a proxy", async () => {
      const { value } = to(ssh) as { value: Props };
      const target = await serve();
      const { state } = await p.create(urn, { connection: to(target, { proxy: value }), create: "echo via" });
      expect(state.stdout).toBe("via");
      expect([ssh.seen.commands, target.seen.commands]).toEqual([[], ["echo via"]]);
    });

    it("a proxy that is not there, a host that the proxy does not reach, a proxy with a wrong key", async () => {
      const { value } = to(ssh) as { value: Props };
      const gone = to(ssh, { proxy: { ...value, port: await closedPort() } });
      await expect(p.create(urn, { connection: gone, create: "x" })).rejects.toThrow(
        "proxy: after 2 failed attempts: dial tcp",
      );
      expect(messages()[0]).toBe("Dial proxy 1/2 failed: retrying");
      const beyond = to(ssh, { proxy: value, port: await closedPort() });
      await expect(p.create(urn, { connection: beyond, create: "x" })).rejects.toThrow(
        "proxy: after 2 failed attempts: ssh:",
      );
      const wrong = to(ssh, { proxy: { ...value, hostKey: otherKey.public } });
      await expect(p.create(urn, { connection: wrong, create: "x" })).rejects.toThrow(
        "ssh: host key mismatch",
      );
      expect(ssh.seen.commands).toEqual([]);
    });
  });

  describe("connections", () => {
    it.runIf(ours)(
      "unlike the vendor's: one after the other shares a connection, which is closed when idle",
      async () => {
        for (const n of ["1", "2", "3"]) await p.create(urn, { connection: to(ssh), create: `echo ${n}` });
        expect(ssh.seen).toMatchObject({ ready: 1, commands: ["echo 1", "echo 2", "echo 3"], open: 1 });
        await expect.poll(() => ssh.seen.open, { timeout: 8000 }).toBe(0);
      },
    );

    it.runIf(ours)("a connection is shared only with the same user, keys and host key", async () => {
      await p.create(urn, { connection: to(ssh), create: "echo 1" });
      await p.create(urn, { connection: to(ssh, { user: "other" }), create: "echo 2" });
      const wrong = to(ssh, { hostKey: otherKey.public, dialErrorLimit: 0 });
      await expect(p.create(urn, { connection: wrong, create: "echo 3" })).rejects.toThrow(
        "host key mismatch",
      );
      expect(ssh.seen).toMatchObject({ ready: 2, commands: ["echo 1", "echo 2"] });
    });

    it("at the same time: each has its own", async () => {
      const all = ["1", "2", "3"].map((n) =>
        p.create(urn, { connection: to(ssh), create: `sleep 0.3; echo ${n}` }),
      );
      expect((await Promise.all(all)).map((c) => c.state.stdout)).toEqual(["1", "2", "3"]);
      expect(ssh.seen.ready).toBe(3);
    });

    it("a connection that has died meanwhile is dialled again", async () => {
      await p.create(urn, { connection: to(ssh), create: "echo 1" });
      ssh.dropAll();
      expect((await p.create(urn, { connection: to(ssh), create: "echo 2" })).state.stdout).toBe("2");
      expect(ssh.seen.commands).toEqual(["echo 1", "echo 2"]);
    });

    it("a connection that dies under a command: an error, and the command is not run twice", async () => {
      const made = p.create(urn, { connection: to(ssh), create: "sleep 5" });
      await expect.poll(() => ssh.seen.commands.length, { timeout: 5000 }).toBe(1);
      ssh.dropAll();
      await expect(made).rejects.toThrow(
        'wait: remote command exited without exit status or exit signal: running "sleep 5"',
      );
      expect(ssh.seen.commands).toEqual(["sleep 5"]);
    });
  });

  it("secrets are in no message and in no error", async () => {
    const server = await serve({ password: "another" });
    const connection = to(server, { password: secretText, dialErrorLimit: 1 });
    const failure = await p
      .create(urn, {
        connection: secret({ ...(connection.value as Props), privateKey: otherKey.private }),
        create: "x",
        stdin: secretText,
      })
      .catch(String);
    const broken = await p
      .create(urn, { connection: to(ssh, { privateKey: secretText }), create: "x" })
      .catch(String);
    const failed = await p
      .create(urn, { connection: to(ssh), create: "cat >/dev/null; exit 1", stdin: secretText })
      .catch(String);
    const all = [failure, broken, failed, ...messages(), p.stderr()].join("\n");
    expect(all).toContain("unable to authenticate");
    expect(all).not.toContain(secretText);
    expect(all).not.toContain("PRIVATE KEY");
  });
});

describe.each(targets("pulumi-resource-command"))("remote command, cancelled, $label", ({ path }) => {
  it("cancel ends dialing", async () => {
    const p = await Provider.start(await path());
    const connection = secret({
      host: "127.0.0.1",
      port: 1,
      user: "root",
      dialErrorLimit: -1,
      perDialTimeout: 2,
      password: "x",
    });
    const made = p.create(urn, { connection, create: "echo hi" });
    const outcome = expect(made).rejects.toMatchObject({ code: 1, details: "context canceled" });
    await expect.poll(() => p.engine.logs.length, { timeout: 5000 }).toBeGreaterThan(0);
    const start = Date.now();
    await p.cancel();
    await outcome;
    expect(Date.now() - start).toBeLessThan(5000);
    await p.stop();
  }, 60_000);
});
