/** components/container/kinds/docker/start.sh: environment variables reach the program byte for byte, and secrets no process's arguments. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exposure } from "../../components/container/variables";
import { temporary } from "../lib/temporary";
import { FakeHost } from "./fake-host";
import { envelopeOf, keptOf } from "./made";

/** Names that a shell drops, or takes for its own, and values that it could read as anything else. */
const HOSTILE: Record<string, string> = {
  "discovery.type": "single-node",
  "http-proxy": "http://p:1/",
  "-n": "-e",
  "a b": "c d",
  "#no": "comment",
  ключ: "žluťoučký kůň 🐎",
  "$(touch pwned)": "`touch pwned`",
  tries: "5",
  folder: "/d",
  program: "x",
  given: "'; touch pwned; '",
  here: "/nowhere",
  word: "w",
  IFS: "abc",
  OPTIND: "abc",
  PPID: "no number",
  LINENO: "x",
  SHLVL: "7",
  PWD: "/nowhere",
  ENV: "/nowhere",
  PS4: "$(touch pwned)",
  LC_ALL: "C.UTF-8",
  POSIXLY_CORRECT: "1",
  EMPTY: "",
  QUOTES: `it's "so" \\' \\`,
  LINES: "-----BEGIN KEY-----\nMII'C\n\n-----END KEY-----\n",
  RETURN: "ends with\r",
  CONTROLS: "\x01\x02\x1b[0m\x7f\t",
  LONG: "x".repeat(120_000),
};

let folder: string;

/** What a container has below /.vxlab, with the real busybox. */
function inside(first: string): void {
  folder = join(temporary("start"), "in");
  mkdirSync(folder);
  copyFileSync(
    execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim(),
    join(folder, "busybox"),
  );
  execFileSync("chmod", ["755", join(folder, "busybox")]);
  writeFileSync(join(folder, "start"), new FakeHost().shell("docker_script").stdout);
  writeFileSync(join(folder, "first"), `set -- ${first}\n`);
  writeFileSync(join(folder, "ready"), "");
}

/** As Docker starts it: the kernel's own environment, no shell before. */
function started(env: Record<string, string>) {
  const options = { env, cwd: folder, maxBuffer: 64 << 20, timeout: 20_000 };
  return spawnSync(join(folder, "busybox"), ["sh", join(folder, "start")], options);
}

const variables = (text: Buffer) => text.toString("utf8").split("\0").slice(0, -1).sort();
const wanted = (env: Record<string, string>) =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .sort();

describe("the first process of a container", () => {
  it("has the environment that Docker gave it, byte for byte, and nothing else", () => {
    inside("env -0");
    const env = { ...HOSTILE, PATH: "/usr/bin:/bin" };
    const { status, stdout, stderr } = started(env);
    expect([status, stderr.toString()]).toEqual([0, ""]);
    expect(variables(stdout)).toEqual(wanted(env));
    expect(() => statSync(join(folder, "pwned"))).toThrow();
  });

  it("would lose what is no identifier in a shell that only hands on its variables", () => {
    inside("env -0");
    const env = { ...HOSTILE, PATH: "/usr/bin:/bin" };
    const plain = spawnSync(join(folder, "busybox"), ["sh", "-c", "tries=600; exec /usr/bin/env -0"], {
      env,
    });
    const left = variables(plain.stdout);
    expect(left).not.toContain("discovery.type=single-node");
    expect(left).toContain("tries=600");
  });

  it("has bytes that are not UTF-8 as they are", () => {
    inside("env -0");
    const octal = String.raw`exec env -i "bad=$(printf '\377\376')" PATH=/usr/bin "$0/busybox" sh "$0/start"`;
    const { stdout } = spawnSync("sh", ["-c", octal, folder]);
    expect(stdout.toString("latin1").split("\0")).toContain("bad=\xff\xfe");
  });

  it("is found by the container's PATH, with the first process's number and its arguments", () => {
    inside(`'say it' 'a b' '$(id)'`);
    mkdirSync(join(folder, "bin", "say it"), { recursive: true });
    mkdirSync(join(folder, "more *"));
    writeFileSync(join(folder, "more *", "say it"), '#!/bin/sh\nprintf "%s|" "$$" "$@"\n', { mode: 0o755 });
    const { pid, stdout } = started({ PATH: `${folder}/bin:${folder}/more *:/usr/bin` });
    expect(stdout.toString()).toBe(`${pid}|a b|$(id)|`);
  });

  it("may have = in its path", () => {
    inside("./a=b 1");
    symlinkSync("/bin/echo", join(folder, "a=b"));
    expect(started({}).stdout.toString()).toBe("1\n");
  });

  it("that is not there ends with 127 and says so", () => {
    inside("nothing-of-this-name");
    const { status, stderr } = started({ PATH: "/usr/bin" });
    expect([status, stderr.toString()]).toEqual([127, "no such command: nothing-of-this-name\n"]);
  });
});

const NIC = { bridge: "vxbr", veth: "v-c1", mac: "02:00:00:00:00:01" };
const box = (env: Record<string, string>) => ({
  ...{ id: "lab-c1", lab: "00c0ffee", name: "c1", kind: "docker", image: "app:1" },
  ...{ command: ["app"], env: wanted(env), interfaces: [NIC] },
});

describe.each(["dash", "busybox sh"])("docker create, in %s", (shell) => {
  let host: FakeHost;
  let socket: Server;

  beforeEach(async () => {
    host = new FakeHost(shell);
    host.shows("net/vxbr/address", "");
    host.shows("images/app_1", "sha256:aa\n");
    socket = createServer();
    await new Promise<void>((listening) => socket.listen(host.path("docker.sock"), listening));
  });
  afterEach(() => new Promise((closed) => socket.close(closed)));

  /** The variables that Docker is told, by the way that each takes. */
  function told(env: Record<string, string>) {
    const { code, stderr } = host.guest(["apply", "container"], box(env));
    expect([code, stderr]).toEqual([0, ""]);
    const calls = host.everything();
    const create = calls.find(([name, verb]) => name === "docker" && verb === "create") ?? [];
    const words = create.flatMap((word, at) => (create[at - 1] === "-e" ? [word] : []));
    const environment = host.read("environment").split("\0");
    const exported = words.filter((word) => !word.includes("="));
    return {
      calls: JSON.stringify(calls),
      lines: host.read("variables").split("\n").slice(1, -1),
      exported: exported.flatMap((name) => environment.filter((one) => one.startsWith(`${name}=`))),
      words: words.filter((word) => word.includes("=")),
    };
  }

  it("is told every variable once, as it is", () => {
    const env = { ...HOSTILE, "two.lines": "1\n2", PATH: "/x\n/y", env_0: "a\nb", n: "1\n", one: "o\n" };
    const { lines, exported, words } = told(env);
    expect([...lines, ...exported, ...words].sort()).toEqual(wanted(env));
    const byArgument = words.map((word) => word.slice(0, word.indexOf("=")));
    const odd = ["#no", "$(touch pwned)", "PATH", "a b", "env_0", "two.lines", "ключ"];
    expect(byArgument.sort()).toEqual(odd.sort());
  });

  it("has nothing in its arguments, or those of any other program, that may be a secret", () => {
    const secrets = Object.entries(HOSTILE).filter(([name, value]) => exposure(name, value) === undefined);
    const canaries = secrets.map(([name, value], n) => [
      name,
      `${value === "" ? "" : "x"}canary${n}${value}`,
    ]);
    const { calls, lines, exported } = told(Object.fromEntries(canaries) as Record<string, string>);
    expect(lines.length + exported.length).toBe(secrets.length);
    expect(lines.length).toBeGreaterThan(10);
    expect(exported.length).toBe(3);
    expect(calls).not.toContain("canary");
  });

  it("shows what the secrets are kept out of: another name's would be an argument", () => {
    expect(exposure("a b", "canary")).toMatch(/other characters/);
    expect(told({ "a b": "canary" }).calls).toContain("canary");
  });

  it("leaves no variable's value in the message when the command ends at once", () => {
    host.shows("ends", "");
    host.shows("said-log", "token is s3cret-word, key is line one\nline two, s3cret\n");
    const env = { TOKEN: "s3cret-word", PART: "s3cret", KEY: "line one\nline two", SHORT: "is" };
    const { code, stderr } = host.guest(["apply", "container"], box(env));
    expect(code).toBe(1);
    expect(stderr).toContain("exited at once");
    expect(stderr).toContain("token is [env], key is [env] [env], [env]");
  });

  it("keeps the variables for root alone, apart from the desired state, and does not observe them", () => {
    const secret = "state/secrets/container-00c0ffee-lab-c1.json";
    told({ TOKEN: "canary", b: "" });
    const mode = (name: string) => statSync(host.path(name)).mode & 0o777;
    expect([mode("state/secrets"), mode(secret), mode("state/desired")]).toEqual([0o700, 0o600, 0o700]);
    expect(host.read(secret)).toBe('{"env":["TOKEN=canary","b="]}\n');
    expect(host.read("state/desired/container-00c0ffee-lab-c1.json")).toBe(keptOf("container", box({})));
    const { stdout } = host.guest(["observe", "all"]);
    expect(stdout).not.toContain("canary");
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "container",
      desired: envelopeOf("container", box({})),
    });
    // Once they are no more, the file is none.
    told({});
    expect(existsSync(host.path(secret))).toBe(false);
  });

  it("are there again at boot", () => {
    told({ TOKEN: "canary" });
    host.forgets("box");
    expect(host.guest(["boot"])).toMatchObject({ code: 0, stderr: "" });
    expect(host.read("variables")).toBe("#\nTOKEN=canary\n");
  });
});
