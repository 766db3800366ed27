/** Every example and template, made elsewhere and previewed by the real engine with the package as npm made it. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addLanguages } from "../../toolchain/languages";
import { must } from "../../system/process";
import { examine, requirements } from "../../toolchain/machine/requirements";
import { VTEPS_SCHEMA } from "../../plan/vteps";
import { checkout, good, Project } from "../lib/project";
import { secret, writeOutputs } from "../lib/written-state";

const app = inject("app");
let project: Project;

beforeAll(async () => {
  project = await Project.create("package");
  good(await project.vxlab(["pulumi", "version"]));
  const step = <T>(_title: string, work: (say: () => void) => Promise<T>) => work(() => undefined);
  await addLanguages(project.paths, process.env, { line: () => undefined, step });
});

afterAll(() => project?.destroy());

interface Program {
  /** Below examples/. */
  folder: string;
  stack: string;
  /** How many resources its preview creates, those included that a StackReference reads. */
  count: number;
  settings?: () => Record<string, string>;
  /** What its README has made before. @default none */
  files?: string[];
}

/** What `pulumi new` makes: by the languages' names, in examples/templates. */
const TEMPLATES = ["python", "typescript", "yaml"].map((language) => ({
  folder: `templates/${language}`,
  stack: "dev",
  count: 32,
}));

/** Each example with its programs, in the order of their README. An example that is missing here fails the test below; Go has test/long/go.test.ts. */
const EXAMPLES: Record<string, Program[]> = {
  "existing-host": [
    {
      folder: "existing-host",
      stack: "existing-host",
      count: 30,
      settings: () => ({ server: SERVER, serverKey: KEY, keyFile: loginKey() }),
    },
  ],
  // Its archive is what build.sh makes as root; a preview reads its hash only.
  firewall: [{ folder: "firewall", stack: "lab", count: 43, files: ["firewall.tar"] }],
  lab: [{ folder: "lab", stack: "lab", count: 32 }],
  "one-host": [
    {
      folder: "one-host",
      stack: "one-host",
      count: 20,
      settings: () => ({ libvirtUri: libvirtUri() }),
    },
  ],
  ospf: [{ folder: "ospf", stack: "lab", count: 53, files: ["frr.tar.gz"] }],
  python: [{ folder: "python", stack: "lab", count: 32 }],
  templates: TEMPLATES,
  "three-segments": [{ folder: "three-segments", stack: "lab", count: 74 }],
  "two-owners": [
    { folder: "two-owners/underlay", stack: "a", count: 16 },
    { folder: "two-owners/underlay", stack: "b", count: 16 },
    { folder: "two-owners/overlay", stack: "a", count: 9 },
    { folder: "two-owners/overlay", stack: "b", count: 9 },
  ],
  yaml: [{ folder: "yaml", stack: "lab", count: 32 }],
  "yaml-components": [
    {
      folder: "yaml-components",
      stack: "parts",
      count: 27,
      settings: () => ({
        "libvirt:uri": libvirtUri(),
        server: SERVER,
        serverKey: KEY,
        keyFile: loginKey(),
      }),
    },
  ],
};

const SERVER = "172.20.0.5";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEDl5/XFGAX1Mrg15VRkw5K2qyxVsX3Z87bSWnbttmGL";
const LOGIN = "-----BEGIN OPENSSH PRIVATE KEY-----\nnever shown\n-----END OPENSSH PRIVATE KEY-----\n";

function libvirtUri(): string {
  return `qemu:///system?socket=/run/vxlab/${project.paths.id}/libvirt-sock`;
}

function loginKey(): string {
  const file = join(project.paths.dot, "login-key");
  writeFileSync(file, LOGIN);
  return file;
}

it("are all known", () => {
  const folders = readdirSync(join(checkout, "examples"), { withFileTypes: true });
  expect(
    folders
      .filter((one) => one.isDirectory())
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...Object.keys(EXAMPLES), "github-actions", "go"].sort());
});

describe.each(Object.entries(EXAMPLES))("examples/%s", (name, programs) => {
  it.each(programs)("previews $folder, $stack", async (program) => {
    const text = await previewed(program);
    expect(text).toMatch(new RegExp(`\\+ ${program.count} to create`));
    expect(text).toMatch(/✅ vxlab@v/);
    expect(text).not.toContain("never shown");
    // What a preview cannot do: from here on this stack has been up.
    if (program.folder === "two-owners/underlay") await deployed(program);
  });

  it("says how it is run", () => {
    expect(readFileSync(join(checkout, "examples", name, "README.md"), "utf8")).toMatch(/pulumi .*preview/);
  });
});

describe("README's program", () => {
  it("is examples/lab, which runs as it is printed", () => {
    const readme = readFileSync(join(checkout, "README.md"), "utf8");
    const printed = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, program]) => program);
    const program = readFileSync(join(checkout, "examples", "lab", "index.ts"), "utf8");
    expect(printed).toEqual([program.replace(/^\/\*\*[^]*?\*\/\n/, "")]);
  });
});

describe("examples/two-owners, of which one is not up", () => {
  it("previews all but the tunnels to it, and says so", async () => {
    const here = join(project.root, "run", "two-owners", "overlay");
    const peers = `["organization/two-owners-underlay/nobody"]`;
    const words = [
      "preview",
      "--stack",
      "a",
      "--config",
      `two-owners-overlay:peers=${peers}`,
      "--diff",
      "--cwd",
      here,
    ];
    const result = await project.pulumi(words);
    expect(good(result)).toMatch(/\+ 9 to create/);
    expect(result.stdout).toMatch(/peers\s*: \[\]/);
    const warning = "No tunnels to a peer: there is no stack organization/two-owners-underlay/nobody.";
    expect(result.stdout + result.stderr).toContain(warning);
  });
});

/** What only passes when an output of one component is an argument of another, through the plugin and another language. */
describe("examples/yaml-components, wired by outputs", () => {
  it("gives each host's port the address of the other host", async () => {
    const here = join(project.root, "run", "yaml-components");
    const text = good(await project.pulumi(["preview", "--stack", "parts", "--json", "--cwd", here]));
    const { steps } = JSON.parse(text) as { steps: { newState: Declared }[] };
    const ports = steps.filter(({ newState }) => newState.type === "vxlab:index:VxlanPort");
    const wired = ports.map(({ newState: { inputs } }) => [inputs["local"], inputs["remotes"]]);
    expect(wired.sort()).toEqual([
      [SERVER, ["192.168.30.11"]],
      ["192.168.30.11", [SERVER]],
    ]);
    expect(text).not.toContain("never shown");
  });
});

interface Declared {
  type: string;
  inputs: Record<string, unknown>;
}

/** The programs of one example share a folder, as they do when it is copied as a whole. */
async function previewed({ folder, stack, settings, files = [] }: Program): Promise<string> {
  const here = join(project.root, "run", folder);
  if (!existsSync(here)) {
    if (folder.startsWith("templates/")) await fromTemplate(folder, here);
    else cpSync(join(checkout, "examples", folder), here, { recursive: true });
    symlinkSync(join(app, "node_modules"), join(here, "node_modules"));
    if (folder.endsWith("python")) await prepare(here);
    for (const file of files) writeFileSync(join(here, file), "");
  }
  const words = Object.entries(settings?.() ?? {}).flatMap(([key, value]) => [
    "--plaintext",
    `${key}=${value}`,
  ]);
  const pulumi = (...line: string[]) => project.pulumi([...line, "--cwd", here]);
  good(await pulumi("stack", "init", stack));
  if (words.length > 0) good(await pulumi("config", "set-all", "--stack", stack, ...words));
  const policy = join(app, "node_modules", "vxlab", "policy");
  return good(await pulumi("preview", "--stack", stack, "--policy-pack", policy));
}

/** Without a network: `pulumi new` would install what the package stage has installed already. */
async function fromTemplate(folder: string, here: string): Promise<void> {
  mkdirSync(here, { recursive: true });
  const name = `made-from-${basename(folder)}`;
  const words = ["--yes", "--generate-only", "--name", name, "--cwd", here];
  good(await project.pulumi(["new", join(checkout, "examples", folder), ...words]));
  const file = join(here, "Pulumi.yaml");
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(new RegExp(`^name: ${name}$`, "m"));
  expect(text).not.toContain("template:\n");
  // As `pulumi package add` writes it, which the template asks for.
  if (!folder.endsWith("typescript"))
    writeFileSync(file, `${text}packages:\n  vxlab: ./node_modules/vxlab/plugin\n`);
}

/** An owner's underlay as its `up` would leave it: the outputs that overlays read. */
function deployed({ folder, stack }: Program): Promise<void> {
  const [host, address] = stack === "a" ? ["a1", "192.168.10.11"] : ["b1", "192.168.20.11"];
  const ssh = { address, port: 22, user: "root" };
  const vteps = {
    schema: VTEPS_SCHEMA,
    hosts: { [host]: { address, mtu: 1500, hostKey: KEY, machine: host, ssh } },
  };
  const where = { folder: join(project.root, "run", folder), name: "two-owners-underlay" };
  return writeOutputs(project, stack, { vteps, login: secret({ [host]: LOGIN }) }, where);
}

/** A skip would pass: without Python's modules the example fails, with the cure. */
async function needPython(): Promise<void> {
  const python = requirements.filter(({ program }) => program === "python3");
  const [found] = await Promise.all(python.map((one) => examine(one, process.env)));
  expect(found?.ok, found?.cure).toBe(true);
}

/** What `pulumi package add` does with the vendor's CLI: an SDK of the plugin's schema, in the virtual environment. */
async function prepare(folder: string): Promise<void> {
  const first = join(project.root, "run", "python", "venv");
  if (existsSync(first)) return symlinkSync(first, join(folder, "venv"));
  await needPython();
  const schema = readFileSync(join(checkout, "test", "package", "schema.json"), "utf8");
  const sdk = join(folder, "sdks", "vxlab");
  await must(join(project.paths.dot, "toolchain", "sdkgen"), ["python", sdk], { input: schema });
  const cache = join(project.paths.cache, "python", "3.248.0");
  const wheels = join(cache, "wheels");
  await must("python3", ["-m", "venv", join(folder, "venv")]);
  const pip = join(folder, "venv", "bin", "pip");
  const wanted = ["-r", join(folder, "requirements.txt"), "parver>=0.2.1", "setuptools", "wheel"];
  if (!existsSync(wheels)) await must(pip, ["download", "-q", "-d", wheels, ...wanted]);
  await must(pip, ["install", "-q", "--no-index", "--find-links", wheels, ...wanted]);
  await must(pip, ["install", "-q", "--no-index", "--find-links", wheels, "--no-build-isolation", sdk]);
}
