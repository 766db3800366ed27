// The stand-ins together, under the real CLI: VXLAB_PULUMI names it, else .vxlab/toolchain/pulumi, else the one on PATH.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "./driver";
import { FakeSsh } from "./fake-ssh";
import { targets } from "./targets";
import { temporary } from "./temporary";

const root = resolve(__dirname, "../../..");

function cli(): string {
  // Not .vxlab/bin/pulumi: that one enters the lab's network namespace, where the fake SSH server is not.
  const own = join(root, ".vxlab/toolchain/pulumi");
  const path = process.env.VXLAB_PULUMI ?? (existsSync(own) ? own : "pulumi");
  const found = spawnSync(path, ["version"], { encoding: "utf8", timeout: 60_000 });
  if (found.status === 0) return path;
  throw new Error(`no Pulumi CLI: ${path} does not run. Set VXLAB_PULUMI to one, or let ./vxlab build it.`);
}

const program = `
const pulumi = require("@pulumi/pulumi");
const command = require("@pulumi/command");
const random = require("@pulumi/random");
const config = new pulumi.Config();
const seed = new random.RandomBytes("seed", { length: 32 });
const connection = config.requireObject("connection");
const step = new command.remote.Command("step", {
  connection, create: "echo made; cat | wc -c", update: "echo updated " + config.get("word"), delete: "echo gone",
  stdin: seed.hex, triggers: [config.get("trigger") || "1"], addPreviousOutputInEnv: false,
}, { deleteBeforeReplace: true });
const local = new command.local.Command("local", { create: "echo here", environment: { S: config.requireSecret("hidden") } });
console.log("program speaks: " + config.get("word"));
if (config.getBoolean("throws")) throw new Error("thrown in the program");
if (config.getBoolean("bails")) throw new pulumi.RunError("told in the program");
exports.said = step.stdout;
exports.here = local.stdout;
exports.seed = seed.hex;
exports.run = command.local.runOutput({ command: "echo run" }).stdout;
`;

/**
 * An error with a frame in "node_modules/@pulumi/output.ts" (a path that the SDK's source maps make up) keeps
 * util.inspect(error, { colors: true }) of node 20.20.2 busy for a minute, under the vendor's host as well.
 */
const plainInspect = `
const util = require("node:util");
const { inspect } = util;
util.inspect = Object.assign((value, options) => inspect(value, { ...options, colors: false }), inspect);
`;

interface Outcome {
  code: number | null;
  out: string;
}

describe.each(targets("pulumi-language-nodejs"))("the CLI with the $label's plugins", ({ path }) => {
  const dir = temporary("cli");
  const work = join(dir, "program");
  let ssh: FakeSsh;
  let pulumi: string;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PULUMI_HOME: join(dir, "home"),
    PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "x",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };

  const run = (...args: string[]): Promise<Outcome> =>
    new Promise((done, reject) => {
      const child = spawn(pulumi, [...args, "--non-interactive", "--color=never"], {
        cwd: work,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let out = "";
      const timer = setTimeout(() => child.kill("SIGKILL"), 90_000);
      child.stdout.on("data", (d: Buffer) => (out += d.toString()));
      child.stderr.on("data", (d: Buffer) => (out += d.toString()));
      child.once("error", reject);
      child.once("close", (code) => done((clearTimeout(timer), { code, out })));
    });
  const up = (): Promise<Outcome> => run("up", "--yes", "--skip-preview");
  const outputs = async (): Promise<{ [name: string]: Json }> =>
    JSON.parse((await run("stack", "output", "--json")).out.replace(/^[^{]*/, "")) as {
      [name: string]: Json;
    };
  const configured = async (key: string, value: string): Promise<void> =>
    void (await run("config", "set", key, value));

  beforeAll(async () => {
    pulumi = cli();
    ssh = await new FakeSsh().start();
    mkdirSync(work, { recursive: true });
    mkdirSync(join(dir, "state"));
    writeFileSync(
      join(work, "Pulumi.yaml"),
      "name: prog\nruntime:\n  name: nodejs\n  options: { typescript: false, nodeargs: --require ./inspect.cjs }\n",
    );
    writeFileSync(join(work, "package.json"), JSON.stringify({ name: "prog", main: "index.js" }));
    writeFileSync(join(work, "index.js"), program);
    writeFileSync(join(work, "inspect.cjs"), plainInspect);
    symlinkSync(join(root, "node_modules"), join(work, "node_modules"));
    const host = await path();
    const plugins = dirname(dirname(host));
    env.PATH = `${dirname(host)}:${process.env.PATH ?? ""}`;
    for (const [kind, folder] of [
      ["command", "resource-command-v1.2.1"],
      ["random", "resource-random-v4.18.2"],
    ] as const) {
      const to = join(dir, "home/plugins", folder);
      mkdirSync(dirname(to), { recursive: true });
      // the vendor's executables lie in one folder, ours are laid out as the CLI wants them
      const ours = join(plugins, folder);
      if (existsSync(ours)) cpSync(ours, to, { recursive: true });
      else {
        mkdirSync(to);
        symlinkSync(join(dirname(host), `pulumi-resource-${kind}`), join(to, `pulumi-resource-${kind}`));
      }
    }
    expect((await run("stack", "init", "dev")).code).toBe(0);
    const connection = {
      host: "127.0.0.1",
      port: ssh.port,
      user: "root",
      hostKey: ssh.hostKeys.public,
      privateKey: ssh.clientKey.private,
      dialErrorLimit: 2,
    };
    writeFileSync(join(dir, "connection"), JSON.stringify(connection));
    await configured("word", "hello");
    spawnSync(pulumi, ["config", "set", "--secret", "hidden"], {
      cwd: work,
      env,
      input: "a-hidden-value",
      timeout: 60_000,
    });
    spawnSync(pulumi, ["config", "set", "--secret", "connection"], {
      cwd: work,
      env,
      input: JSON.stringify(connection),
      timeout: 60_000,
    });
  }, 120_000);
  afterAll(async () => {
    await ssh.stop();
  });

  it("up: creates, streams the program's words, keeps secrets", async () => {
    const { code, out } = await up();
    expect(out).toContain("program speaks: hello");
    expect([code, out]).toEqual([0, out]);
    expect(await outputs()).toMatchObject({
      said: expect.stringMatching(/^made\n\s*64$/) as string,
      here: "here",
      run: "run",
      seed: "[secret]",
    });
    const state = readFileSync(join(dir, "state/.pulumi/stacks/prog/dev.json"), "utf8");
    expect(state).not.toContain("PRIVATE KEY");
    expect(state + out).not.toContain("a-hidden-value");
  }, 120_000);

  it("preview and refresh see no change, and dial nobody", async () => {
    const before = ssh.seen.ready;
    expect((await run("preview", "--expect-no-changes")).code).toBe(0);
    expect((await run("refresh", "--yes", "--expect-no-changes", "--skip-preview")).code).toBe(0);
    expect(ssh.seen.ready).toBe(before);
  }, 120_000);

  it("up: a changed command updates, and runs once", async () => {
    await configured("word", "again");
    const before = ssh.seen.commands.length;
    const { out } = await up();
    expect(out).toMatch(/1 updated/);
    expect(ssh.seen.commands.slice(before)).toEqual(["echo updated again"]);
    expect(await outputs()).toMatchObject({ said: "updated again" });
  }, 120_000);

  it("up: a changed trigger replaces: delete, then create", async () => {
    await configured("trigger", "2");
    const before = ssh.seen.commands.length;
    expect((await up()).out).toMatch(/1 replaced/);
    expect(ssh.seen.commands.slice(before)).toEqual(["echo gone", "echo made; cat | wc -c"]);
  }, 120_000);

  it("a program that throws fails the run, with its stack; one that has told the user adds nothing", async () => {
    await configured("throws", "true");
    const thrown = await run("preview");
    expect(thrown.code).not.toBe(0);
    expect(thrown.out).toContain("thrown in the program");
    expect(thrown.out).toContain("index.js");
    await run("config", "rm", "throws");
    await configured("bails", "true");
    const told = await run("preview");
    expect(told.code).not.toBe(0);
    expect(told.out).toContain("told in the program");
    expect(told.out).not.toContain("non-zero exit code");
    await run("config", "rm", "bails");
  }, 180_000);

  it("destroy", async () => {
    expect((await run("destroy", "--yes", "--skip-preview")).code).toBe(0);
    expect(ssh.seen.commands.at(-1)).toBe("echo gone");
  }, 120_000);
});
