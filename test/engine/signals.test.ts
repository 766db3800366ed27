/** Signals to the real ./vxlab and its real Pulumi, with a program that never ends. What each means is test/cli/signals.test.ts's. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isDead, readLocks } from "../../cli/engine/interrupted";
import { engineOf } from "../lib/engine";
import { good, Project } from "../lib/project";

let project: Project;

/** Has a plugin of its own running, the language host's, and a step that is under way. */
const programOf = (verb: "up" | "preview"): string => `import { runtime } from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random";
export = async (): Promise<object> => {
  new RandomId("one", { byteLength: 4 });
  // The preview by which ./vxlab up says what it will change.
  if (runtime.isDryRun() && ${String(verb === "up")}) return {};
  console.error("the program waits");
  await new Promise((resolve) => setTimeout(resolve, 120_000));
  return {};
};
`;

beforeAll(async () => {
  project = await Project.create("signals");
  good(await project.vxlab(["preview"]));
});

afterAll(() => project?.destroy());

const environmentOf = (pid: string): string[] => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return []; // ended in this moment
  }
};

/** Every process of the engine's run: itself, language host, program, plugins. */
function runOf(engine: number): () => number {
  const mark = environmentOf(String(engine)).find((one) => one.startsWith("VXLAB_RUN=")) ?? "none";
  return () =>
    readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(mark)).length;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param engines what Pulumi is told to do when the signal comes */
async function started(verb: "up" | "preview", engines = verb) {
  const child = project.start("vxlab", verb === "up" ? ["up", "--no-verify"] : [verb]);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const engine = () => engineOf(project, engines);
  await expect.poll(engine, { timeout: 60_000 }).toBeDefined();
  const pid = engine() ?? 0;
  const members = runOf(pid);
  // The engine, the language host, the program, the plugin.
  await expect.poll(members, { timeout: 60_000 }).toBeGreaterThan(3);
  await wait(1500);
  return { child, ended, pid, members };
}

const free = (members: () => number) =>
  expect.poll(() => [members(), readLocks(project, "lab")], { timeout: 10_000 }).toEqual([0, []]);

describe.each(["preview", "up"] as const)("%s", (verb) => {
  beforeAll(() => writeFileSync(join(project.root, "index.ts"), programOf(verb)));

  it("ends with 130 at a SIGINT to ./vxlab alone, and leaves no process and no lock", async () => {
    const { child, ended, members } = await started(verb);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    await free(members);
  });

  it("ends with 130 at two SIGINT to the engine", async () => {
    const { ended, pid, members } = await started(verb);
    process.kill(pid, "SIGINT");
    await wait(20);
    if (engineOf(project, verb) !== undefined) process.kill(pid, "SIGINT");
    expect(await ended).toBe(130);
    await expect.poll(members, { timeout: 10_000 }).toBe(0);
    // At the second one Pulumi leaves its lock where it is; the next run takes it away, since nobody holds it.
    expect(readLocks(project, "lab").filter((lock) => !isDead(lock))).toEqual([]);
  });

  it("ends with ./vxlab when that is killed, and the stack is free", async () => {
    const { child, members } = await started(verb);
    child.kill("SIGKILL");
    await free(members);
  });

  it("ends with its plugins when the engine is killed", async () => {
    const { ended, pid, members } = await started(verb);
    process.kill(pid, "SIGKILL");
    expect(await ended).toBe(137);
    expect(members()).toBe(0);
  });
});

describe("up after an edit", () => {
  it("ends with 130 at a SIGINT while it previews what will change", async () => {
    writeFileSync(join(project.root, "index.ts"), programOf("preview"));
    const { child, ended, members } = await started("up", "preview");
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    await free(members);
  });
});
