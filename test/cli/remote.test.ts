import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { execLine } from "../../cli/commands/exec";
import { ssh } from "../../cli/commands/ssh";
import { knownHosts, sshConfig } from "../../cli/access/ssh-files";
import { Fault } from "../../cli/exit";
import { scriptCommand, shellWord, shellWords } from "../../guest/quote";
import { runInTerminal, Remote, sshFault } from "../../cli/access/remote";
import type { RemoteOptions } from "../../cli/access/remote";
import { containerNamed, hostNamed, readWords, remoteLine } from "../../cli/words";
import { ContainerKind } from "../../plan/types";
import { FakeSsh, keyPair } from "../../packages/pulumi-stand-ins/test/fake-ssh";
import { referenceLab } from "./fixture";
import { temporary } from "../lib/temporary";
import { world } from "./world";

describe("words for a shell", () => {
  const shell = (line: string): string => execFileSync("sh", ["-c", line], { encoding: "utf8" });

  it("arrive as they were, whatever is in them", () => {
    const word = fc.string({
      unit: fc.oneof(
        fc.constantFrom(..."'\"\\$`!*?~ \n\t;&|<>(){}[]#=-"),
        fc.string({ minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(
          word.filter((text) => !text.includes("\0")),
          { minLength: 1, maxLength: 5 },
        ),
        (words) => {
          expect(shell(`printf '%s\\0' ${shellWords(words)}`)).toBe(
            words.map((text) => `${text}\0`).join(""),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it("arrive through two shells, as through ssh and lxc-attach's own", () => {
    const words = ["a b", "it's", "$HOME", '"', "\\", "*", ""];
    const inner = shellWords(["printf", "%s|", ...words]);
    expect(shell(shellWords(["sh", "-c", inner]))).toBe(words.map((text) => `${text}|`).join(""));
  });

  it.each([
    ["ovs-vsctl", "ovs-vsctl"],
    ["/var/lib/x_1.json:2,3@4%5+6", "/var/lib/x_1.json:2,3@4%5+6"],
    ["", "''"],
    ["a b", "'a b'"],
    ["it's", `'it'\\''s'`],
    ["A=1", "'A=1'"],
    ["~", "'~'"],
  ])("%s is written %s", (word, written) => {
    expect(shellWord(word)).toBe(written);
  });

  it("a NUL byte has no way to arrive", () => {
    expect(() => shellWord("a\0b")).toThrow(RangeError);
  });

  it("a script gets its arguments", () => {
    expect(shell(scriptCommand('printf "%s|" "$#" "$@"', ["x y", "'"]))).toBe("2|x y|'|");
  });
});

describe("arguments", () => {
  const read = (...args: string[]) => readWords(ssh, args, { stack: { type: "string" } });

  it("what follows -- is the far side's, even where it looks like ours", () => {
    expect(read("kvm1", "--stack", "x", "--", "ls", "--stack", "--", "-l")).toEqual({
      values: { stack: "x" },
      name: "kvm1",
      rest: ["ls", "--stack", "--", "-l"],
    });
    expect(read("kvm1").rest).toEqual([]);
  });

  it.each([[[]], [["--", "ls"]], [["kvm1", "ls"]]])("%j is refused with the usage", (args) => {
    expect(() => read(...args)).toThrow(/usage: vxlab ssh HOST/);
  });

  it.each([
    [[], undefined],
    [["ip link | wc -l"], "ip link | wc -l"],
    [["grep", "a b", "/etc/hosts"], "grep 'a b' /etc/hosts"],
  ])("%j is the line %s", (words, line) => {
    expect(remoteLine(words)).toBe(line);
  });

  it("a name that is not there is answered with those that are", () => {
    expect(hostNamed(referenceLab(), "kvm2").address).toBe("192.168.10.222");
    expect(() => hostNamed(referenceLab(), "kvm9")).toThrow(Fault);
    expect(() => hostNamed(referenceLab(), "kvm9")).toThrow('the lab has no host "kvm9": it has kvm1, kvm2');
    expect(() => containerNamed(referenceLab(), "kvm1")).toThrow('no container "kvm1": it has c1, c2');
  });

  it("exec runs words in the container, without one a shell", () => {
    const lxc = { name: "c1", kind: ContainerKind.Lxc };
    const head =
      "lxc-attach -P /var/lib/vxlab/containers -n c1 --clear-env --keep-var TERM --set-var 'PATH=/sbin:/bin:/usr/sbin:/usr/bin' -- ";
    expect(execLine(lxc, ["echo", "a b"], ["-t"])).toBe(`${head}echo 'a b'`);
    expect(execLine(lxc, [], [])).toBe(`${head}/bin/sh`);
  });

  it("exec runs words in a Docker container by Docker, with a terminal where there is one", () => {
    const docker = { name: "d1", kind: ContainerKind.Docker };
    expect(execLine(docker, ["echo", "a b"], [])).toBe("docker exec -i vxlab-d1 echo 'a b'");
    expect(execLine(docker, [], ["-t"])).toBe("docker exec -i -t vxlab-d1 /bin/sh");
  });
});

describe("the ssh client's files", () => {
  const host = { name: "kvm1", address: "192.168.10.156", hostKey: "ssh-ed25519 AAAA vxlab" };

  it("pin each host's key under its name", () => {
    expect(knownHosts([host])).toBe("kvm1 ssh-ed25519 AAAA\n");
  });

  it("leave nothing to the user's own files, agent or keyboard", () => {
    const config = sshConfig("/run/x", [host]);
    expect(config).toMatch(
      /^Host kvm1\n {2}HostName 192\.168\.10\.156\n {2}HostKeyAlias kvm1\n {2}Port 22\n {2}IdentityAgent .*\nHost \*\n/,
    );
    for (const line of [
      "StrictHostKeyChecking yes",
      "BatchMode yes",
      "IdentityFile none",
      'IdentityAgent "/run/x/kvm1.agent"',
      "IdentityAgent none",
      "GlobalKnownHostsFile /dev/null",
      'UserKnownHostsFile "/run/x/known_hosts"',
      'ControlPath "/run/x/%n"',
    ]) {
      expect(config.split("\n").map((text) => text.trim())).toContain(line);
    }
  });

  it.each([
    ["Host key verification failed.\n", "has a host key other than the pinned one"],
    ["root@10.0.0.1: Permission denied (publickey).\n", "refuses the lab's login key"],
    [
      "ssh: connect to host 192.168.10.156 port 22: No route to host\r\n",
      "does not answer: ssh: connect to host 192.168.10.156 port 22: No route to host",
    ],
    ["", "does not answer: ssh printed no reason"],
  ])("ssh's %j becomes: %s", (words, fault) => {
    expect(sshFault(words)).toBe(fault);
  });
});

describe("a remote", () => {
  let server: FakeSsh;
  let places: string;
  const open: Remote[] = [];

  beforeEach(async () => {
    server = await new FakeSsh().start();
    places = temporary("remote");
  });
  afterEach(async () => {
    open.splice(0).forEach((remote) => remote.close());
    await server.stop();
  });

  function remote(change: Partial<RemoteOptions> = {}, hostKey = server.hostKeys.public): Remote {
    const hosts = [{ name: "kvm1", address: "127.0.0.1", port: server.port, hostKey }];
    const made = new Remote({
      hosts,
      keyOf: () => Promise.resolve(server.clientKey.private),
      enter: [],
      places: [places],
      ...change,
    });
    open.push(made);
    return made;
  }

  it("runs commands, with their code, output and complaints", async () => {
    const answer = await remote().run("kvm1", "echo out; echo err >&2; exit 3", 10_000);
    expect(answer).toEqual({ code: 3, stdout: "out\n", stderr: "err\n" });
  });

  it("shares one connection among all of a host's commands", async () => {
    const one = remote();
    const answers = await Promise.all(["a", "b", "c"].map((word) => one.run("kvm1", `echo ${word}`, 10_000)));
    expect(answers.map(({ stdout }) => stdout)).toEqual(["a\n", "b\n", "c\n"]);
    expect(server.seen.ready).toBe(1);
  });

  it("sends nothing to a host with another key", async () => {
    const answer = await remote({}, keyPair().public).run("kvm1", "echo secret", 10_000);
    expect(answer).toMatchObject({ code: 255, stderr: "has a host key other than the pinned one" });
    expect(server.seen.commands).toEqual([]);
    expect(server.seen.auth).toEqual([]);
  });

  it("says that its key is refused", async () => {
    const other = () => Promise.resolve(keyPair().private);
    expect(await remote({ keyOf: other }).connect("kvm1")).toBe("refuses the lab's login key");
  });

  it.each([
    ["is none", () => Promise.resolve(undefined)],
    ["is no key", () => Promise.resolve("no key")],
    ["does not come", () => Promise.reject(new Error("no"))],
  ])("goes nowhere with a key that %s", async (_, keyOf) => {
    expect(await remote({ keyOf }).connect("kvm1")).toBe("refuses the lab's login key");
    expect(server.seen.ready).toBe(0);
  });

  it("connects while the key is on its way, and asks for no more than it needs", async () => {
    let bring: (key: string) => void = () => undefined;
    const late = new Promise<string>((resolve) => (bring = resolve));
    const asked: string[] = [];
    const answer = remote({ keyOf: (host) => (asked.push(host), late) }).run("kvm1", "echo in", 10_000);
    await expect.poll(() => server.seen.open).toBe(1);
    await expect.poll(() => asked).toEqual(["kvm1"]);
    expect(server.seen.ready).toBe(0);
    bring(server.clientKey.private);
    expect((await answer).stdout).toBe("in\n");
  });

  it("gives the host its time from when the key is there", async () => {
    const late = new Promise<string>((resolve) => setTimeout(resolve, 2500, server.clientKey.private));
    expect(await remote({ keyOf: () => late, loginLimit: 2000 }).connect("kvm1")).toBeUndefined();
  });

  it("keeps nothing waiting for a host that was lost before the key came", async () => {
    let bring: (key: string) => void = () => undefined;
    const late = new Promise<string>((resolve) => (bring = resolve));
    const gone = remote({ keyOf: () => late, loginLimit: 60_000 });
    await server.stop();
    expect(await gone.connect("kvm1")).toMatch(/^does not answer/);
    const begun = vi.spyOn(globalThis, "setTimeout");
    bring(server.clientKey.private);
    await new Promise((done) => setImmediate(done));
    expect(begun.mock.calls.filter(([, limit]) => limit === 60_000)).toEqual([]);
    begun.mockRestore();
    await server.start();
  });

  it.each([
    ["rsa", 2048],
    ["ecdsa", 256],
    ["ecdsa", 384],
    ["ecdsa", 521],
  ] as const)("has a user's own key of another type: %s, %i bits", async (type, bits) => {
    const pair = ssh2.utils.generateKeyPairSync(type as "rsa", { bits });
    await server.stop();
    server = await new FakeSsh({ authorizedKey: pair.public }).start();
    const answer = await remote({ keyOf: () => Promise.resolve(pair.private) }).run(
      "kvm1",
      "echo in",
      10_000,
    );
    expect(answer.stdout).toBe("in\n");
  });

  it("says that nobody answers", async () => {
    const gone = remote();
    await server.stop();
    expect(await gone.connect("kvm1")).toMatch(/^does not answer: .*Connection refused/);
    await server.start();
  });

  it("does not wait for ever, neither for a login nor for a command", async () => {
    const slow = remote({ enter: ["sh", "-c", "exec sleep 60", "sh"], loginLimit: 300 });
    expect(await slow.connect("kvm1")).toBe("does not answer: no login within 0.3 s");
    const answer = await remote().run("kvm1", "echo begun; exec sleep 60", 1500);
    expect(answer).toEqual({ code: 124, stdout: "begun\n", stderr: "no answer within 1.5 s" });
  });

  it("does not wait for what a command has left behind either: the shared connection keeps its pipe open", async () => {
    const start = Date.now();
    const one = remote({ enter: ["sh", "-c", 'sleep 20 & exec "$@"', "sh"] });
    const answer = await one.run("kvm1", "echo begun; exec sleep 60", 1500);
    expect(answer).toEqual({ code: 124, stdout: "begun\n", stderr: "no answer within 1.5 s" });
    expect(Date.now() - start).toBeLessThan(10_000);
  });

  it("hands a command over once the host has let us in, with the command's own code", async () => {
    const context = world();
    expect(await runInTerminal(context, remote(), "kvm1", "exit 3", [])).toBe(3);
    // A busy computer takes so long for the login that the wait for it is printed.
    expect(
      context
        .stderr()
        .replace(/^connecting to kvm1.*$/gm, "")
        .trim(),
    ).toBe("");
    expect(server.seen.ready).toBe(1);
  });

  it("says why the host did not let us in, in our words, and starts nothing there", async () => {
    const context = world();
    const other = remote({ keyOf: () => Promise.resolve(keyPair().private) });
    expect(await runInTerminal(context, other, "kvm1", "exit 3", [])).toBe(255);
    expect(context.stderr()).toBe("vxlab: kvm1 refuses the lab's login key\n");
    expect(server.seen.commands).toEqual([]);
  });

  it("ends with ssh's own code when the connection breaks after the login", async () => {
    const ended = runInTerminal(world(), remote(), "kvm1", "exec sleep 60", []);
    await expect.poll(() => server.seen.commands, { timeout: 10_000 }).toEqual(["exec sleep 60"]);
    await server.stop();
    expect(await ended).toBe(255);
    await server.start();
  });

  it("says what it waits for, and why it gave up", async () => {
    const context = world();
    const slow = remote({ enter: ["sh", "-c", "exec sleep 60", "sh"], loginLimit: 2500 });
    expect(await runInTerminal(context, slow, "kvm1", "exit 3", [])).toBe(255);
    expect(context.stderr()).toMatch(
      /^connecting to kvm1 …\nconnecting to kvm1: 2\.\d s\nvxlab: kvm1 does not answer: no login within 2\.5 s\n$/,
    );
  });

  it("goes through the words that lead into the lab's network", async () => {
    const marked = remote({ enter: ["env", "VXLAB_ENTERED=1"] });
    expect(marked.argv("kvm1", "true")[1].slice(0, 3)).toEqual(["VXLAB_ENTERED=1", "ssh", "-F"]);
    expect((await marked.run("kvm1", "echo ok", 10_000)).stdout).toBe("ok\n");
  });

  it("has the key in no file, and the way to it where only we can go, no longer than it is needed", async () => {
    const one = remote();
    const [folder = ""] = readdirSync(places);
    expect(statSync(join(places, folder)).mode & 0o777).toBe(0o700);
    expect(await one.connect("kvm1")).toBeUndefined();
    const files = readdirSync(join(places, folder));
    expect(files.sort()).toEqual(["agent-0", "config", "known_hosts", "kvm1", "kvm1.agent"]);
    const texts = ["config", "known_hosts"].map((name) => readFileSync(join(places, folder, name), "utf8"));
    expect(texts.join("")).not.toContain("PRIVATE KEY");
    one.close();
    expect(readdirSync(places)).toEqual([]);
    await expect.poll(() => server.seen.open).toBe(0);
  });

  /** The command lines of all processes that name something in a folder. */
  const processesAt = (folder: string): string[] =>
    readdirSync("/proc").flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return words.includes(folder) ? [words.replaceAll("\0", " ")] : [];
      } catch {
        return []; // no process, or ended in this moment
      }
    });

  it("ends its agent when it is closed", async () => {
    const one = remote();
    expect(await one.connect("kvm1")).toBeUndefined();
    expect(processesAt(places).filter((words) => words.startsWith("ssh-agent"))).toHaveLength(1);
    one.close();
    await expect.poll(() => processesAt(places)).toEqual([]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGKILL", null],
  ] as const)("leaves neither agent nor key behind when %s ends the process", async (signal, code) => {
    const hosts = [
      { name: "kvm1", address: "127.0.0.1", port: server.port, hostKey: server.hostKeys.public },
    ];
    const program = `
      const { Remote } = require(${JSON.stringify(join(__dirname, "../../cli/access/remote"))});
      const key = require("node:fs").readFileSync(0, "utf8");
      const one = new Remote({ hosts: ${JSON.stringify(hosts)}, keyOf: async () => key, enter: [], places: [${JSON.stringify(places)}] });
      one.connect("kvm1").then((fault) => console.log(fault ?? "in"));
      setTimeout(() => {}, 20000);`;
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program]);
    const ended = new Promise((resolve) => child.once("close", (status) => resolve(status)));
    child.stdin.end(server.clientKey.private);
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    expect(said.toString()).toBe("in\n");
    const running = processesAt(places);
    expect(running.some((words) => words.startsWith("ssh-agent"))).toBe(true);
    const [, secret = ""] = server.clientKey.private.split("\n");
    expect(secret).not.toBe("");
    expect(running.join("\n")).not.toContain(secret);
    child.kill(signal);
    expect(await ended).toBe(code);
    await expect.poll(() => processesAt(places), { timeout: 5_000 }).toEqual([]);
    const left = readdirSync(places, { recursive: true, encoding: "utf8" });
    if (signal !== "SIGKILL") expect(left).toEqual([]);
    const files = left.filter((name) => statSync(join(places, name)).isFile());
    expect(files.map((name) => readFileSync(join(places, name), "utf8")).join("")).not.toContain(secret);
  });
});
