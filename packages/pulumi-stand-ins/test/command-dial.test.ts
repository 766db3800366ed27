// The contract of command:remote:Command: how it gets its connection, and keeps it.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { Provider } from "./driver";
import type { Props } from "./driver";
import { keyPair } from "./fake-ssh";
import type { FakeSsh, FakeSshOptions } from "./fake-ssh";
import { closedPort, otherKey, secretText, to, urn, useBench } from "./remote-bench";
import { targets } from "./targets";
import { secret } from "./values";

describe.each(targets("pulumi-resource-command"))("remote connection, $label", ({ label, path }) => {
  const ours = label === "stand-in";
  const bench = useBench(path);
  const { serve, messages } = bench;

  describe("host key", () => {
    it("a wrong one is refused before anything is sent, as often as dialErrorLimit says", async () => {
      const connection = to(bench.ssh, { hostKey: otherKey.public, password: secret(secretText) });
      await expect(bench.p.create(urn, { connection, create: "echo hi" })).rejects.toMatchObject({
        details: "after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch",
      });
      expect(bench.ssh.seen).toMatchObject({ auth: [], commands: [], ready: 0 });
      expect(messages()).toEqual(["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
    });

    it("one with a comment is taken, none is not looked at", async () => {
      for (const hostKey of [`${bench.ssh.hostKeys.public} some comment`, null]) {
        const { state } = await bench.p.create(urn, {
          connection: to(bench.ssh, { hostKey }),
          create: "echo hi",
        });
        expect(state.stdout).toBe("hi");
      }
    });

    it("one that is no key", async () => {
      for (const hostKey of ["garbage", "ssh-ed25519 AAAA"]) {
        const made = bench.p.create(urn, { connection: to(bench.ssh, { hostKey }), create: "echo hi" });
        await expect(made).rejects.toThrow("failed to parse host key: ssh: no key found");
      }
    });
  });

  describe("authentication", () => {
    const methods: [string, (s: FakeSsh) => Props, FakeSshOptions][] = [
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
      const { state } = await bench.p.create(urn, {
        connection: to(server, more(server)),
        create: "echo hi",
      });
      expect(state.stdout).toBe("hi");
    });

    it("an encrypted key", async () => {
      const key = keyPair({ passphrase: "pp", cipher: "aes256-ctr" });
      const server = await serve({ authorizedKey: key.public });
      const connection = to(server, { privateKey: key.private, privateKeyPassword: "pp" });
      expect((await bench.p.create(urn, { connection, create: "echo hi" })).state.stdout).toBe("hi");
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
      const { state } = await bench.p.create(urn, {
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
      const made = bench.p.create(urn, { connection: to(server, more), create: "echo hi" });
      await expect(made).rejects.toMatchObject({ code: 2, details });
      expect(server.seen.commands).toEqual([]);
    });
  });

  describe("dialing", () => {
    it("an unreachable host: bounded by dialErrorLimit", async () => {
      const start = Date.now();
      const connection = to(bench.ssh, { port: await closedPort(), dialErrorLimit: 4 });
      await expect(bench.p.create(urn, { connection, create: "echo hi" })).rejects.toThrow(
        /after 4 failed attempts: dial tcp 127.0.0.1:\d+: connect: connection refused/,
      );
      // 100 + 150 + 225 + 337 ms
      expect(Date.now() - start).toBeGreaterThan(800);
      expect(Date.now() - start).toBeLessThan(8000);
      expect(messages()).toEqual([1, 2, 3, 4].map((n) => `Dial ${String(n)}/4 failed: retrying`));
    });

    it("a failed authentication takes the same time: seeing the port does not shorten it", async () => {
      const start = Date.now();
      const connection = to(bench.ssh, { privateKey: otherKey.private, dialErrorLimit: 4 });
      await expect(bench.p.create(urn, { connection, create: "echo hi" })).rejects.toThrow(
        "after 4 failed attempts",
      );
      expect(Date.now() - start).toBeGreaterThan(800);
    });

    it("the time limit ends endless dialing", async () => {
      const connection = to(bench.ssh, { port: await closedPort(), dialErrorLimit: -1 });
      const start = Date.now();
      const made = bench.p.create(urn, { connection, create: "echo hi" }, { timeout: 2 });
      await expect(made).rejects.toMatchObject({ code: 4, details: "context deadline exceeded" });
      expect(Date.now() - start).toBeLessThan(8000);
      expect(messages()[0]).toBe("Dial 1/inf failed: retrying");
    });

    it("a command that runs when its time is over comes to its end", async () => {
      const { state } = await bench.p.create(
        urn,
        { connection: to(bench.ssh), create: "sleep 1.5; echo done" },
        { timeout: 1 },
      );
      expect(state.stdout).toBe("done");
    });

    // The vendor's plugin waits forever: its perDialTimeout only covers the TCP connection.
    it.runIf(ours)(
      "unlike the vendor's: a host that accepts and says nothing is bounded by the time limit",
      async () => {
        const mute = createServer(() => undefined);
        await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
        const connection = to(bench.ssh, { port: (mute.address() as AddressInfo).port });
        const made = bench.p.create(urn, { connection, create: "echo hi" }, { timeout: 1 });
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
      const made = bench.p.create(urn, { connection: secret(own), create: "echo up" });
      // The waits are 0.10 0.15 0.23 0.34 0.51 0.76 1.14 1.71 s: at 3.3 s the vendor's sleeps until 4.9 s.
      await new Promise((resolve) => setTimeout(resolve, 3300));
      const up = Date.now();
      await serve({ port, hostKey: keys, authorizedKey: client.public });
      expect((await made).state.stdout).toBe("up");
      expect(Date.now() - up).toBeLessThan(1300);
    });

    it("through a proxy", async () => {
      const { value } = to(bench.ssh) as { value: Props };
      const target = await serve();
      const { state } = await bench.p.create(urn, {
        connection: to(target, { proxy: value }),
        create: "echo via",
      });
      expect(state.stdout).toBe("via");
      expect([bench.ssh.seen.commands, target.seen.commands]).toEqual([[], ["echo via"]]);
    });

    it("a proxy that is not there, a host that the proxy does not reach, a proxy with a wrong key", async () => {
      const { value } = to(bench.ssh) as { value: Props };
      const gone = to(bench.ssh, { proxy: { ...value, port: await closedPort() } });
      await expect(bench.p.create(urn, { connection: gone, create: "x" })).rejects.toThrow(
        "proxy: after 2 failed attempts: dial tcp",
      );
      expect(messages()[0]).toBe("Dial proxy 1/2 failed: retrying");
      const beyond = to(bench.ssh, { proxy: value, port: await closedPort() });
      await expect(bench.p.create(urn, { connection: beyond, create: "x" })).rejects.toThrow(
        "proxy: after 2 failed attempts: ssh:",
      );
      const wrong = to(bench.ssh, { proxy: { ...value, hostKey: otherKey.public } });
      await expect(bench.p.create(urn, { connection: wrong, create: "x" })).rejects.toThrow(
        "ssh: host key mismatch",
      );
      expect(bench.ssh.seen.commands).toEqual([]);
    });
  });

  describe("connections", () => {
    it.runIf(ours)(
      "unlike the vendor's: one after the other shares a connection, which is closed when idle",
      async () => {
        for (const n of ["1", "2", "3"])
          await bench.p.create(urn, { connection: to(bench.ssh), create: `echo ${n}` });
        expect(bench.ssh.seen).toMatchObject({ ready: 1, commands: ["echo 1", "echo 2", "echo 3"], open: 1 });
        await expect.poll(() => bench.ssh.seen.open, { timeout: 8000 }).toBe(0);
      },
    );

    it.runIf(ours)("a connection is shared only with the same user, keys and host key", async () => {
      await bench.p.create(urn, { connection: to(bench.ssh), create: "echo 1" });
      await bench.p.create(urn, { connection: to(bench.ssh, { user: "other" }), create: "echo 2" });
      const wrong = to(bench.ssh, { hostKey: otherKey.public, dialErrorLimit: 0 });
      await expect(bench.p.create(urn, { connection: wrong, create: "echo 3" })).rejects.toThrow(
        "host key mismatch",
      );
      expect(bench.ssh.seen).toMatchObject({ ready: 2, commands: ["echo 1", "echo 2"] });
    });

    it.runIf(ours)("a connection is shared whatever the patience it was dialled with", async () => {
      const patient = to(bench.ssh, { dialErrorLimit: 120, perDialTimeout: 5 });
      await bench.p.create(urn, { connection: patient, create: "echo 1" });
      await bench.p.create(urn, { connection: to(bench.ssh, { dialErrorLimit: 3 }), create: "echo 2" });
      expect(bench.ssh.seen).toMatchObject({ ready: 1, commands: ["echo 1", "echo 2"] });
    });

    it.runIf(ours)(
      "unlike the vendor's: beside a command that runs, on its connection, eight at once",
      async () => {
        await bench.p.create(urn, { connection: to(bench.ssh), create: "echo 0" });
        const all = Array.from({ length: 9 }, (_, n) =>
          bench.p.create(urn, { connection: to(bench.ssh), create: `sleep 0.5; echo ${n}` }),
        );
        expect((await Promise.all(all)).map((c) => c.state.stdout)).toEqual([..."012345678"]);
        expect(bench.ssh.seen.ready).toBe(2);
      },
    );

    it("at the same time, with none open: each has its own", async () => {
      const all = ["1", "2", "3"].map((n) =>
        bench.p.create(urn, { connection: to(bench.ssh), create: `sleep 0.3; echo ${n}` }),
      );
      expect((await Promise.all(all)).map((c) => c.state.stdout)).toEqual(["1", "2", "3"]);
      expect(bench.ssh.seen.ready).toBe(3);
    });

    it("a connection that has died meanwhile is dialled again", async () => {
      await bench.p.create(urn, { connection: to(bench.ssh), create: "echo 1" });
      bench.ssh.dropAll();
      expect((await bench.p.create(urn, { connection: to(bench.ssh), create: "echo 2" })).state.stdout).toBe(
        "2",
      );
      expect(bench.ssh.seen.commands).toEqual(["echo 1", "echo 2"]);
    });

    it("a connection that dies under a command: an error, and the command is not run twice", async () => {
      const made = bench.p.create(urn, { connection: to(bench.ssh), create: "sleep 5" });
      await expect.poll(() => bench.ssh.seen.commands.length, { timeout: 5000 }).toBe(1);
      bench.ssh.dropAll();
      await expect(made).rejects.toThrow(
        'wait: remote command exited without exit status or exit signal: running "sleep 5"',
      );
      expect(bench.ssh.seen.commands).toEqual(["sleep 5"]);
    });
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

  const bench = useBench(path);
  const local = urn.replace("remote", "local");

  it.each([
    ["remote", "runs to its end", urn, "begun\nended"],
    [
      "local",
      "is killed",
      local,
      '2 UNKNOWN: signal: killed: running "echo begun; sleep 2; echo ended":\nbegun\n',
    ],
  ])("a %s command that runs already %s", async (kind, _, of, end) => {
    const p = await Provider.start(await path());
    const create = "echo begun; sleep 2; echo ended";
    const inputs: Props = kind === "remote" ? { connection: to(bench.ssh), create } : { create };
    const made = p.create(of, inputs).then(
      ({ state }) => state.stdout,
      ({ message }: Error) => message,
    );
    await expect.poll(() => p.engine.logs.map((l) => l.message), { timeout: 5000 }).toContain("begun");
    await p.cancel();
    expect(await made).toBe(end);
    await p.stop();
  });
});
