/**
 * What a preview says of typical edits, word by word, as Pulumi's diff and in words of the field: the real CLI and the real providers on a recorded state, without
 * machines. `UPDATE_GOLDEN=1` writes the files anew; read the difference before you commit it.
 */
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DOCKER_EDITS, DOCKER_IMAGE, DOCKER_LAB, EDITS, LAB, SECRETS } from "./golden/lab";
import type { Settings } from "./golden/lab";
import { normal } from "./golden/normal";
import { share, usefulDiff, usefulWords, withoutOutputs } from "./golden/useful";
import type { Changes } from "../../cli/changes/changes";
import { briefDiff } from "../../cli/changes/brief-diff";
import { stand, withDocker } from "./golden/state";
import recording from "./golden/state.json";
import { change } from "../lib/changes";
import { good, Project } from "../lib/project";

let project: Project;
let image: string;

beforeAll(async () => {
  project = await Project.create("golden");
  // A disk image whose version, its size and time, is the same everywhere.
  image = join(project.root, "disk.qcow2");
  writeFileSync(image, Buffer.concat([Buffer.from("QFI\xfb", "latin1"), Buffer.alloc(508)]));
  utimesSync(image, 1767225600, 1767225600);
  project.configure(LAB);
  good(await project.vxlab(["preview"]));
  await stand(project, recording);
});

afterAll(() => project?.destroy());

/** Compared with the golden file, which has to be there; or written there. */
function golden(name: string, said: string): void {
  const file = join(__dirname, "golden", name);
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(file, said);
  expect(said).toBe(readFileSync(file, "utf8"));
}

async function compare(name: string): Promise<void> {
  const told = await preview();
  golden(`${name}.txt`, normal(good(told), project));
  golden(`words/${name}.txt`, `${told.words.replace(/\b[0-9a-f]{12}\b/g, "<hash>")}\n`);
  expect(share(usefulWords, told.words)).toBeGreaterThanOrEqual(0.8);
  expect(share(usefulDiff, briefDiff(withoutOutputs(told.stdout)))).toBeGreaterThanOrEqual(0.4);
  expect(told.stdout + told.stderr + told.words).not.toMatch(/PRIVATE KEY|hunter2/);
  expect(scripts(told.stdout)).toEqual([]);
  expect(secrets(told.stdout)).toEqual(SECRETS[name] ?? []);
  expect(tooLate(told.order)).toEqual([]);
}

/**
 * Marked lines with the words of a script or a stylesheet: those are no meaning of a change. Of what is new every input is
 * told, unmarked. Not of the golden file, whose lines are cut.
 */
const scripts = (stdout: string): string[] =>
  stdout.split("\n").filter((line) => /^\s*[~+-].*(ovs-vsctl|lxc-start|xsl)/.test(line));

/** Names of the properties that are shown as secret. */
function secrets(stdout: string): string[] {
  const lines = stdout.split("\n").filter((line) => line.includes("[secret]"));
  return [...new Set(lines.map((line) => /^[\s~+-]*([^\s:]+)/.exec(line)?.[1] ?? line))].sort();
}

const preview = (env = {}) => change(project, ["preview", "--diff", "--stack", "lab"], { env });

/** What would be undone in a machine that is there no more, or in the one that came after it. */
function tooLate(order: readonly string[]): string[] {
  const made = order.findIndex((step) => /^create-replacement \S+-domain$/.test(step));
  return made < 0 ? [] : order.slice(made).filter((step) => /^delete-replaced \S+-step$/.test(step));
}

describe("the lab that stands", () => {
  it.each(["0", "1"])("has no changes (VXLAB_WHOLE_SDK=%s)", async (whole) => {
    project.configure(LAB);
    expect(good(await preview({ VXLAB_WHOLE_SDK: whole }))).toMatch(/Resources:\s+\d+ unchanged\s*$/);
  });
});

describe("a preview of", () => {
  it.each(Object.entries(EDITS))("%s", async (name, edit) => {
    const settings = JSON.stringify({ ...LAB, ...edit }).replace('"IMAGE"', JSON.stringify(image));
    project.configure(JSON.parse(settings) as Settings);
    await compare(name);
  });
});

describe("./vxlab preview", () => {
  const LINES = ["! kvm2 is rebuilt (memory 256 → 384)", "unchanged"];
  const ask = async (edit: Settings | undefined, ...words: string[]) => {
    project.configure({ ...LAB, ...edit });
    // The recorded state's machines are nowhere.
    return good(
      await project.vxlab(["preview", "--no-drift", ...words], { env: { NO_COLOR: "1" } }),
    ).trimEnd();
  };

  it("ends with the changes in words, without the stack's outputs", async () => {
    const lines = (await ask(EDITS["memory"])).split("\n");
    expect(lines.slice(-2)).toEqual(LINES.map((words) => expect.stringContaining(words) as unknown));
    expect(lines.join("\n")).toContain("lab-kvm2-domain");
  });

  it("shows the outputs when asked to", async () => {
    const tunnel = 'port   : "vx100-c0a80ade" => "vx101-c0a80ade"';
    expect(await ask(EDITS["vni"], "--outputs")).toContain(tunnel);
    expect(await ask(EDITS["vni"])).not.toContain(tunnel);
  });

  it("has a diff in which steps are told by their components", async () => {
    const lines = (await ask(EDITS["memory"], "--diff")).split("\n");
    expect(lines.slice(-2)).toEqual(LINES.map((words) => expect.stringContaining(words) as unknown));
    expect(lines.some((line) => /~ memory *: 256 => 384$/.test(line))).toBe(true);
    expect(lines.filter((line) => /\(hidden\)|\[secret\]|command:remote/.test(line))).toEqual([]);
  });

  it("prints nothing but JSON for programs", async () => {
    const { changes, unchanged } = JSON.parse(await ask(EDITS["memory"], "--json")) as Changes;
    expect(changes).toEqual([
      {
        kind: "rebuilt",
        thing: "host",
        names: ["kvm2"],
        hosts: [],
        facts: ["memory 256 → 384"],
        loss: "its containers are recreated, what they wrote is lost",
      },
    ]);
    expect(unchanged).toBe(24);
  });
});

describe("with a Docker container", () => {
  beforeAll(async () => {
    project.configure(DOCKER_LAB);
    await stand(project, withDocker(recording, "c1", DOCKER_IMAGE), "docker");
  });

  it("the lab that stands has no changes", async () => {
    expect(good(await preview())).toMatch(/Resources:\s+\d+ unchanged\s*$/);
  });

  it.each(Object.entries(DOCKER_EDITS))("a preview of %s", async (name, edit) => {
    project.configure({ ...DOCKER_LAB, ...edit });
    await compare(name);
  });

  it("a preview of docker-secret", async () => {
    project.configure(DOCKER_LAB);
    const words = ["--path", "--secret", "vxlab:containers.c1.env.TOKEN", "hunter2hunter2"];
    good(await project.pulumi(["config", "set", "--stack", "lab", ...words]));
    await compare("docker-secret");
  });
});
