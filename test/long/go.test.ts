/** examples/go, previewed as its README says. Compiling Go's SDK and the host takes minutes, so not with the other examples. */
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { must } from "../../system/process";
import { addLanguages } from "../../toolchain/languages";
import { checkout, good, Project } from "../lib/project";
import { temporary } from "../lib/temporary";

const top = temporary("go");
const folder = join(top, "examples", "go");
let project: Project;

beforeAll(async () => {
  project = await Project.create("go");
  good(await project.vxlab(["pulumi", "version"]));
  const step = <T>(_title: string, work: (say: () => void) => Promise<T>) => work(() => undefined);
  await addLanguages(project.paths, process.env, { line: () => undefined, step });
  await must("npm", ["pack", "--silent", "--pack-destination", top], { cwd: checkout, timeout: 600 });
  mkdirSync(join(top, "examples"));
  cpSync(join(checkout, "examples", "go"), folder, { recursive: true });
});

afterAll(() => project?.destroy());

it("declares what README's program declares", async () => {
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const lines = [...readme.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block = ""]) => block.split("\n"));
  const typed = lines.filter((line) => !line.startsWith("pulumi up")).join("\n");
  const script = `set -e\ncd '${folder}'\n${typed.replaceAll("PROJECT", project.root)}`;
  const text = good(await project.run("bash", ["-c", script], { timeout: 3600 }));
  expect(text).toMatch(/\+ 32 to create/);
});
