/** Every example, copied elsewhere and previewed by the real engine with the package as npm made it. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addLanguages } from "../../toolchain/languages";
import { must } from "../../toolchain/process";
import { checkout, good, Project } from "../lib/project";

const app = inject("app");
let project: Project;
let image: string;

beforeAll(async () => {
  project = await Project.create("package");
  good(await project.vxlab(["pulumi", "version"]));
  const step = <T>(_title: string, work: (say: () => void) => Promise<T>) => work(() => undefined);
  await addLanguages(project.paths, process.env, { line: () => undefined, step });
  // A preview reads no more of an image than its kernel line.
  image = join(project.paths.dot, "golden-0123456789ab");
  mkdirSync(image);
  writeFileSync(join(image, "cmdline"), "root=/dev/vda rw quiet\n");
});

afterAll(() => project?.destroy());

/** How many resources each has; an example that is missing here is no example yet. */
const EXAMPLES: Record<string, number> = { "one-host": 18, python: 32, yaml: 32 };

/** Python with its venv module; without it that example is not shown. */
const python = spawnSync("python3", ["-c", "import venv, ensurepip"]).status === 0;

it("are all known", () => {
  const folders = readdirSync(join(checkout, "examples"), { withFileTypes: true });
  expect(
    folders
      .filter((one) => one.isDirectory())
      .map(({ name }) => name)
      .sort(),
  ).toEqual(Object.keys(EXAMPLES).sort());
});

describe.each(Object.entries(EXAMPLES))("examples/%s", (name, count) => {
  it.skipIf(name === "python" && !python)("previews", async () => {
    const folder = join(project.root, "run", name);
    cpSync(join(checkout, "examples", name), folder, { recursive: true });
    symlinkSync(join(app, "node_modules"), join(folder, "node_modules"));
    if (name === "python") await prepare(folder);
    const libvirt = `qemu:///system?socket=/run/vxlab/${project.paths.id}/libvirt-sock`;
    const pulumi = (...words: string[]) => project.pulumi([...words, "--cwd", folder]);
    good(await pulumi("stack", "init", name));
    good(
      await pulumi(
        "config",
        "set-all",
        "--plaintext",
        `image=${image}`,
        "--plaintext",
        `libvirtUri=${libvirt}`,
      ),
    );
    const policy = join(app, "node_modules", "vxlab", "policy");
    const text = good(await pulumi("preview", "--policy-pack", policy));
    expect(text).toMatch(new RegExp(`\\+ ${count} to create`));
    expect(text).toMatch(/✅ vxlab@v/);
  });

  it("says how it is run", () => {
    expect(readFileSync(join(checkout, "examples", name, "README.md"), "utf8")).toMatch(/pulumi preview/);
  });
});

/** What `pulumi package add` does with the vendor's CLI: an SDK of the plugin's schema, in the virtual environment. */
async function prepare(folder: string): Promise<void> {
  const schema = readFileSync(join(checkout, "test", "package", "schema.json"), "utf8");
  const sdk = join(folder, "sdks", "vxlab");
  await must(join(project.paths.dot, "toolchain", "sdkgen"), ["python", sdk], { input: schema });
  const cache = join(project.paths.cache, "python", "3.248.0");
  const wheels = join(cache, "wheels");
  await must("python3", ["-m", "venv", join(folder, "venv")]);
  const pip = join(folder, "venv", "bin", "pip");
  const requirements = ["-r", join(folder, "requirements.txt"), "parver>=0.2.1", "setuptools", "wheel"];
  if (!existsSync(wheels)) await must(pip, ["download", "-q", "-d", wheels, ...requirements]);
  await must(pip, ["install", "-q", "--no-index", "--find-links", wheels, ...requirements]);
  await must(pip, ["install", "-q", "--no-index", "--find-links", wheels, "--no-build-isolation", sdk]);
}
