// The contract of the Node.js language host of Pulumi 3.248.0.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { words } from "../src/language/options";
import { LanguageHost } from "./language-driver";
import type { Json } from "./driver";
import { targets } from "./targets";
import { temporary } from "./temporary";

const dir = temporary("language");
const at = (...parts: string[]): string => join(dir, ...parts);
function write(path: string, content: string | Json): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), typeof content === "string" ? content : JSON.stringify(content, null, 2));
}

/** A fake @pulumi/pulumi: prints how it was called, then does what the entry point says. */
const fakeSdk = `
const entry = process.argv.slice(2).find((a) => a.startsWith("do:"));
const { PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS, PULUMI_NODEJS_TYPESCRIPT, PULUMI_NODEJS_TSCONFIG_PATH, INHERITED, PRELOADED } = process.env;
const env = { PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS, PULUMI_NODEJS_TYPESCRIPT, PULUMI_NODEJS_TSCONFIG_PATH, INHERITED, PRELOADED };
console.log("CALLED" + JSON.stringify({ argv: process.argv.slice(2), execArgv: process.execArgv, env, cwd: process.cwd() }) + "END");
console.error("to stderr");
if (entry === "do:memory") console.error("<--- Last few GCs --->");
if (entry === "do:hang") { process.on("SIGINT", () => { console.log("INTERRUPTED"); process.exit(5); }); setInterval(() => {}, 1000); }
else if (entry === "do:hang-on") { process.on("SIGINT", () => console.log("DEAF")); setInterval(() => {}, 1000); }
else process.exit(Number((entry ?? "do:0").slice(3)) || (entry === "do:memory" ? 134 : 0));
`;

interface Called {
  argv: string[];
  execArgv: string[];
  env: { [name: string]: string | undefined };
  cwd: string;
}
function called(host: LanguageHost): Called {
  const all = [...host.stdout().matchAll(/CALLED(.*?)END/gs)];
  return JSON.parse(all.at(-1)?.[1] ?? "null") as Called;
}
const argument = (c: Called, name: string): string | undefined => c.argv[c.argv.indexOf(`--${name}`) + 1];

beforeAll(() => {
  write("prog/package.json", {
    name: "prog",
    dependencies: { a: "1.0.0" },
    devDependencies: { "@s/b": "2.0.0" },
  });
  write("prog/preload.cjs", "process.env.PRELOADED = (process.env.PRELOADED ?? '') + '1';");
  write("prog/node_modules/@pulumi/pulumi/package.json", { name: "@pulumi/pulumi", version: "3.248.0" });
  for (const c of ["run", "run-plugin", "run-policy-pack"])
    write(`prog/node_modules/@pulumi/pulumi/cmd/${c}/index.js`, fakeSdk);
  write("prog/node_modules/@pulumi/command/package.json", {
    name: "@pulumi/command",
    version: "1.2.1",
    pulumi: { resource: true, name: "command" },
  });
  write("prog/node_modules/@pulumi/random/package.json", {
    name: "@pulumi/random",
    version: "0.0.1",
    pulumi: { resource: true, version: "v4.18.2", server: "https://example.invalid" },
  });
  write("prog/node_modules/@pulumi/command/node_modules/inner/package.json", {
    name: "inner",
    version: "3.0.0",
    pulumi: { resource: true, name: "in" },
  });
  write("prog/node_modules/third/package.json", {
    name: "third",
    version: "3.0.0",
    pulumi: { resource: true },
  });
  write("prog/node_modules/plain/package.json", { name: "plain", version: "3.0.0" });
  write("prog/node_modules/broken/package.json", "{");
  const parameterization = {
    name: "libvirt",
    version: "0.8.3",
    value: Buffer.from("remote").toString("base64"),
  };
  write("sdk/package.json", {
    name: "@pulumi/libvirt",
    version: "0.8.3",
    pulumi: { resource: true, name: "terraform-provider", version: "1.1.0", parameterization },
  });
  symlinkSync(at("sdk"), at("prog/node_modules/@pulumi/libvirt"));
  symlinkSync(at("nowhere"), at("prog/node_modules/dangling"));
  write("prog/package-lock.json", {
    lockfileVersion: 3,
    packages: {
      "": { name: "prog" },
      "node_modules/a": {
        version: "1.0.0",
        resolved: "https://example.invalid/a/-/a-1.0.0.tgz",
        integrity: "sha512-AA==",
      },
      "node_modules/@s/b": { version: "2.0.0" },
      "node_modules/a/node_modules/c": { version: "3.0.0" },
    },
  });
  write("bare/package.json", { name: "bare" });
  write("inst/package.json", { name: "inst", dependencies: { dep: "file:./dep" } });
  write("inst/dep/package.json", { name: "dep", version: "1.0.0" });
});

describe.each(targets("pulumi-language-nodejs"))("language host, $label", ({ label, path }) => {
  let host: LanguageHost;
  const start = async (): Promise<LanguageHost> =>
    LanguageHost.start(await path(), {
      INHERITED: "yes",
      PULUMI_LANGUAGE_NODEJS_RUN_PATH: "",
      NODE_OPTIONS: "",
    });
  beforeAll(async () => {
    host = await start();
  }, 60_000);
  afterAll(() => host.stop());

  it("says its version", async () => expect((await host.version()).replace(/^v/, "")).toBe("3.248.0"));

  it("run: arguments, configuration, environment", async () => {
    const config = { "proj:a": "1", "other:config:b": "2" };
    const response = await host.run({ dir: at("prog") }, { config, secretKeys: ["proj:a"], dryRun: true });
    expect(response).toEqual({ error: "", bail: false });
    const c = called(host);
    const wanted = {
      engine: host.engineAddress,
      organization: "org",
      project: "proj",
      "root-directory": at("prog"),
      stack: "dev",
      pwd: at("prog"),
      parallel: "7",
    };
    for (const [name, value] of Object.entries(wanted))
      expect([name, argument(c, name)]).toEqual([name, value]);
    expect(argument(c, "monitor")).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(c.argv).toContain("--dry-run");
    expect(c.argv.slice(-3)).toEqual([".", "extra", "--arg"]);
    expect(JSON.parse(c.env.PULUMI_CONFIG ?? "")).toEqual({
      "proj:config:a": "1",
      "other:config:b": "2",
    });
    expect(JSON.parse(c.env.PULUMI_CONFIG_SECRET_KEYS ?? "")).toEqual(["proj:a"]);
    expect(c.env).toMatchObject({ INHERITED: "yes", PULUMI_NODEJS_TYPESCRIPT: "true" });
    expect(c.env.PULUMI_NODEJS_TSCONFIG_PATH).toBeUndefined();
    expect(host.stderr()).toContain("to stderr");
  });

  it("run: the runtime options typescript, tsconfig and nodeargs", async () => {
    const nodeargs = `--max-old-space-size=900 --require '${at("prog/preload.cjs")}'`;
    await host.run({
      dir: at("prog"),
      options: { typescript: false, tsconfig: "x/tsconfig.json", nodeargs },
    });
    const c = called(host);
    expect(c.execArgv).toEqual(["--max-old-space-size=900", "--require", at("prog/preload.cjs")]);
    expect(c.env).toMatchObject({ PRELOADED: "1", PULUMI_NODEJS_TSCONFIG_PATH: "x/tsconfig.json" });
    expect(c.env.PULUMI_NODEJS_TYPESCRIPT).toBeUndefined();
    expect(c.argv).not.toContain("--dry-run");
  });

  it("run: a configuration key that is none", async () => {
    const { error } = await host.run({ dir: at("prog") }, { config: { "proj:c:d": "3" } });
    expect(error).toMatch(
      /^failed to serialize configuration: could not parse proj:c:d as a configuration key/,
    );
  });

  it.each([
    ["typescript", "yes", "typescript option must be a boolean"],
    ["nodeargs", 3, "nodeargs option must be a string"],
    ["tsconfig", 3, "tsconfigpath option must be a string"],
    [
      "packagemanager",
      "make",
      'packagemanager option must be one of auto, npm, yarn, pnpm or bun, got "make"',
    ],
  ])("run: a wrong option %s", async (name, value, error) => {
    expect(await host.run({ dir: at("prog"), options: { [name]: value } })).toEqual({ error, bail: false });
  });

  it.each([
    ["exit code 32 means that the user has been told", "do:32", { error: "", bail: true }],
    [
      "any other exit code is an error",
      "do:3",
      { error: "Program exited with non-zero exit code: 3", bail: false },
    ],
  ])("run: %s", async (_name, entry, response) => {
    expect(await host.run({ dir: at("prog"), entry })).toEqual(response);
  });

  it("run: a program out of memory is told what to do", async () => {
    const { error } = await host.run({ dir: at("prog"), entry: "do:memory" });
    expect(error).toMatch(
      /^Program exited with non-zero exit code: 134\. Detected a possible out of memory error\..*nodeargs/,
    );
  });

  it("run: without the SDK it says what to run", async () => {
    const { error } = await host.run({ dir: at("bare") });
    expect(error.trim()).toBe(
      "It looks like the Pulumi SDK has not been installed. Have you run pulumi install?",
    );
  });

  it("cancel interrupts the program", async () => {
    const own = await start();
    const response = own.run({ dir: at("prog"), entry: "do:hang" });
    await expect.poll(() => own.stdout(), { timeout: 15_000 }).toContain("END");
    await own.cancel();
    expect(await response).toEqual({ error: "Program exited with non-zero exit code: 5", bail: false });
    expect(own.stdout()).toContain("INTERRUPTED");
    await own.stop();
  }, 60_000);

  it("cancel ends a program that does not listen, after five seconds", async () => {
    const own = await start();
    const response = own.run({ dir: at("prog"), entry: "do:hang-on" });
    await expect.poll(() => own.stdout(), { timeout: 15_000 }).toContain("END");
    const begin = Date.now();
    await own.cancel();
    expect((await response).error).not.toBe("");
    expect(Date.now() - begin).toBeGreaterThan(4000);
    expect(own.stdout()).toContain("DEAF");
    await own.stop();
  }, 60_000);

  it.runIf(label === "stand-in")(
    "unlike the vendor's: an orphaned host ends within seconds",
    async () => {
      const parent = spawn("/bin/sh", ["-c", '"$0" 127.0.0.1:1 & echo $!; wait', await path()], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      let out = "";
      parent.stdout.on("data", (d: Buffer) => (out += d.toString()));
      await expect.poll(() => out.split("\n").length, { timeout: 15_000 }).toBe(3);
      const pid = Number(
        out
          .split("\n")
          .find(
            (line) =>
              existsSync(`/proc/${line}/cmdline`) &&
              readFileSync(`/proc/${line}/cmdline`, "utf8").includes("pulumi-language-nodejs"),
          ),
      );
      expect(pid).toBeGreaterThan(0);
      parent.kill("SIGKILL");
      await expect.poll(() => existsSync(`/proc/${String(pid)}`), { timeout: 12_000 }).toBe(false);
    },
    60_000,
  );

  it("required packages: every package with a plugin, linked and nested ones too", async () => {
    const found = await host.packages({ dir: at("prog") });
    const key = (x: { name: string }): string => x.name;
    expect(found.sort((a, b) => key(a).localeCompare(key(b)))).toEqual([
      { name: "command", kind: "resource", version: "v1.2.1", server: "" },
      { name: "in", kind: "resource", version: "v3.0.0", server: "" },
      { name: "random", kind: "resource", version: "v4.18.2", server: "https://example.invalid" },
      {
        name: "terraform-provider",
        kind: "resource",
        version: "v1.1.0",
        server: "",
        parameter: "libvirt 0.8.3 remote",
      },
    ]);
  });

  it("about", async () => {
    const about = await host.about({ dir: at("prog") });
    expect(about.version).toBe(process.version);
    expect(about.executable).toMatch(/node$/);
    expect(Object.fromEntries(about.metadataMap)).toMatchObject({ packagemanager: "npm" });
  });

  it("program dependencies, direct and all", async () => {
    expect((await host.dependencies({ dir: at("prog") }, false)).sort()).toEqual(["@s/b 2.0.0", "a 1.0.0"]);
    expect((await host.dependencies({ dir: at("prog") }, true)).sort()).toEqual([
      "@s/b 2.0.0",
      "a 1.0.0",
      "c 3.0.0",
    ]);
  });

  it("asks for the package manager, unless it is given", async () => {
    const [prompt] = (await host.prompts({ dir: at("prog") })).promptsList;
    expect(prompt).toMatchObject({ key: "packagemanager", pb_default: { stringvalue: "npm" } });
    expect(prompt?.choicesList.map((c) => c.stringvalue)).toEqual(["npm", "pnpm", "yarn", "bun"]);
    expect((await host.prompts({ dir: at("prog"), options: { packagemanager: "npm" } })).promptsList).toEqual(
      [],
    );
  });

  it("installs dependencies, and streams what the package manager says", async () => {
    const said = await host.install({ dir: at("inst") });
    expect(said).toMatch(/^Installing dependencies\.\.\.[^]*Finished installing dependencies\n\n$/);
    await host.packages({ dir: at("inst") });
    expect(realpathSync(at("inst/node_modules/dep"))).toBe(at("inst/dep"));
  }, 60_000);

  it("runs a plugin: arguments, environment as given, output", async () => {
    const said = await host.plugin(
      { dir: at("prog") },
      ["127.0.0.1:1", "x"],
      [`PATH=${process.env.PATH ?? ""}`, "INHERITED=given=1"],
    );
    const c = JSON.parse(/CALLED(.*?)END/s.exec(said)?.[1] ?? "null") as Called;
    expect(c.argv).toEqual([at("prog"), "127.0.0.1:1", "x"]);
    expect(c.env).toMatchObject({ INHERITED: "given=1", PULUMI_NODEJS_TYPESCRIPT: "true" });
    expect(said).toContain("to stderr");
    await expect(
      host.plugin({ dir: at("prog") }, ["do:4"], [`PATH=${process.env.PATH ?? ""}`]),
    ).rejects.toThrow("Program exited with non-zero exit code: 4");
  });

  // The vendor's host waits until the engine connects and sends the stack's configuration, which is not part of RunPlugin.
  it.runIf(label === "stand-in")("runs a policy pack in its own folder, which it is told last", async () => {
    const env = [`PATH=${process.env.PATH ?? ""}`, "INHERITED=given"];
    const said = await host.plugin({ dir: at("prog") }, ["127.0.0.1:1"], env, "analyzer");
    const c = JSON.parse(/CALLED(.*?)END/s.exec(said)?.[1] ?? "null") as Called;
    expect(c.argv).toEqual(["127.0.0.1:1", at("prog")]);
    expect(c).toMatchObject({ cwd: at("prog"), env: { INHERITED: "given" } });
  });

  it.runIf(label === "stand-in")(
    "unlike the vendor's: packing and generating code are refused, with the cure",
    async () => {
      await expect(host.unimplemented()).rejects.toThrow(
        /UNIMPLEMENTED: pack is not part of vxlab's stand-in/,
      );
    },
  );
});

describe("nodeargs", () => {
  it.each([
    ["", []],
    ["  -a  b ", ["-a", "b"]],
    [`--x="a b" 'c "d"' e\\ f`, ["--x=a b", `c "d"`, "e f"]],
    ['"a\\"b" # comment', ['a"b']],
    ["a''b \"\"", ["ab", ""]],
  ])("%j", (line, expected) => expect(words(line)).toEqual(expected));

  it("an open quote is an error", () =>
    expect(() => words("a 'b")).toThrow("EOF found when expecting closing quote"));
});
