/** What signals do to ./vxlab, to its Pulumi and to Pulumi's plugins, with a Pulumi that only notes them. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterEach, describe, expect, it } from "vitest";
import { Progress } from "../../cli/engine/events";
import { temporary } from "../lib/temporary";
import { project, world, type World } from "./world";

/** As the real one: its first SIGINT or SIGTERM asks it to end soon, the second to end at once; plugins are in groups of their own. */
const ENGINE = `#!/usr/bin/env node
const { spawn } = require("node:child_process");
const { appendFileSync } = require("node:fs");
const [root, kind] = [process.env.FAKE_ROOT, process.argv[2]];
const note = (text) => appendFileSync(root + "/notes", text + "\\n");
let seen = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    note(signal);
    if (kind === "deaf") return;
    if (++seen > 1) process.exit(1);
    setTimeout(() => process.exit(1), kind === "slow" ? 60_000 : 600);
  });
const plugin = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
note("engine " + process.pid);
note("plugin " + plugin.pid);
if (kind === "fails") process.exit(3);
setInterval(() => undefined, 1000);
`;

/** Bundled once: a loader of TypeScript takes longer to start than a run takes. */
const runner = join(temporary("runner"), "run-pulumi.cjs");
buildSync({
  entryPoints: [join(project, "test", "lib", "run-pulumi.ts")],
  outfile: runner,
  bundle: true,
  platform: "node",
});

interface Vxlab {
  child: ChildProcess;
  engine: number;
  plugin: number;
  /** Signals that the engine got, in order. */
  seen: () => string[];
  ended: Promise<{ code: number | null; said: string }>;
}

const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) if (lives(pid)) process.kill(pid, "SIGKILL");
});

/** Not when it has ended and waits to be collected. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const gone = (pid: number, ms: number) => expect.poll(() => lives(pid), { timeout: ms }).toBe(false);

/** The driver's process group is its own, as that of a command in a terminal. */
async function vxlab(kind = "usual", here: World = world()): Promise<Vxlab> {
  here.write(".vxlab/bin/pulumi", ENGINE);
  const notes = join(here.paths.root, "notes");
  const lines = () => (existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : []);
  const env = { ...process.env, FAKE_ROOT: here.paths.root };
  const words = [runner, here.paths.root, kind];
  const child = spawn(process.execPath, words, { env, stdio: ["ignore", "pipe", "inherit"], detached: true });
  let said = "";
  child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, said })),
  );
  await expect.poll(lines, { timeout: 20_000 }).toHaveLength(2);
  const [engine = 0, plugin = 0] = lines().map((line) => Number(line.split(" ")[1]));
  started.push(child.pid ?? 0, engine, plugin);
  return { child, engine, plugin, seen: () => lines().slice(2), ended };
}

describe("a signal to ./vxlab alone", () => {
  it.each([
    ["SIGINT", "SIGINT", 130],
    ["SIGTERM", "SIGTERM", 143],
    ["SIGHUP", "SIGTERM", 129],
  ] as const)("%s is the engine's as %s, and the code is %i", async (signal, got, code) => {
    const { child, seen, ended } = await vxlab();
    child.kill(signal);
    expect(await ended).toMatchObject({ code, said: JSON.stringify({ code }) });
    expect(seen()).toEqual([got]);
  });

  it("is passed on a second time: the engine then ends at once", async () => {
    const { child, seen, ended } = await vxlab("slow");
    child.kill("SIGINT");
    await expect.poll(seen).toHaveLength(1);
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(seen()).toEqual(["SIGINT", "SIGINT"]);
  });
});

describe("a signal to the whole group, as Ctrl-C", () => {
  it.each([1, 2])("is not passed on, the %i. time either", async (times) => {
    const { child, seen, ended } = await vxlab(times === 1 ? "usual" : "slow");
    for (let i = 0; i < times; i++) {
      process.kill(-(child.pid ?? 0), "SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect((await ended).code).toBe(130);
    expect(seen()).toEqual(Array(times).fill("SIGINT"));
  });
});

describe("SIGKILL", () => {
  it("of ./vxlab ends the engine, which may clean up, and its plugins", async () => {
    const { child, engine, plugin, seen } = await vxlab();
    child.kill("SIGKILL");
    await gone(engine, 5000);
    expect(seen()).toEqual(["SIGINT"]);
    await gone(plugin, 5000);
  });

  it("of ./vxlab and its whole group ends the plugins as well", async () => {
    const { child, engine, plugin } = await vxlab();
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await gone(engine, 1000);
    await gone(plugin, 5000);
  });

  it("of ./vxlab ends even an engine that does not listen", async () => {
    const { child, engine, plugin, seen } = await vxlab("deaf");
    child.kill("SIGKILL");
    await gone(engine, 20_000);
    expect(seen()).toEqual(["SIGINT", "SIGINT"]);
    await gone(plugin, 5000);
  });

  it("of the engine ends its plugins before ./vxlab ends, which says what happened; others' live on", async () => {
    const other = await vxlab();
    const { engine, plugin, ended } = await vxlab();
    process.kill(engine, "SIGKILL");
    expect(await ended).toMatchObject({
      code: 137,
      said: JSON.stringify({ code: 137, killedBy: "SIGKILL" }),
    });
    expect([lives(plugin), lives(other.engine), lives(other.plugin)]).toEqual([false, true, true]);
  });
});

describe("an engine that ends by itself", () => {
  it("keeps its code, and nothing is looked for", async () => {
    const here = world();
    here.write(".vxlab/bin/pulumi", ENGINE);
    const { plugin, ended } = await vxlab("fails", here);
    expect(await ended).toMatchObject({ code: 3, said: JSON.stringify({ code: 3 }) });
    expect(lives(plugin)).toBe(true);
  });
});

describe("an engine that was sent the signals itself", () => {
  const code = (message: string, ended: number) => {
    const progress = new Progress(
      () => undefined,
      () => undefined,
    );
    progress.take({ stdoutEvent: { message } });
    return progress.endCode(ended);
  };

  it.each([
    ["^C received; cancelling. If you would like to terminate immediately, press ^C again.\n", 255, 130],
    ["<{%fg 1%}>^C received; terminating<{%reset%}>", 1, 130],
    ["SIGTERM received; cancelling. If you would like to …", 255, 143],
    ["^C received; cancelling.", 0, 0],
    ["^C received; cancelling.", 137, 137],
    ["a program says ^C received;", 255, 255],
  ])("%j and the code %i: %i", (message, ended, expected) => expect(code(message, ended)).toBe(expected));
});
