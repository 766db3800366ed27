/**
 * What a preview says of typical edits, word by word: the real CLI and the real providers on a recorded state, without
 * machines. `UPDATE_GOLDEN=1` writes the files anew; read the difference before you commit it.
 */
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DOCKER_EDITS, DOCKER_IMAGE, DOCKER_LAB, EDITS, LAB, SECRETS } from "./golden/lab";
import type { Settings } from "./golden/lab";
import { normal } from "./golden/normal";
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
async function compare(name: string): Promise<void> {
  const told = await preview();
  const said = normal(good(told), project);
  const file = join(__dirname, "golden", `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(file, said);
  expect(said).toBe(readFileSync(file, "utf8"));
  expect(told.stdout + told.stderr).not.toContain("PRIVATE KEY");
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
  return [...new Set(lines.map((line) => /^[\s~+-]*(\S+)/.exec(line)?.[1] ?? line))].sort();
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
});
