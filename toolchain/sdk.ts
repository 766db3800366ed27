/**
 * The SDK of the libvirt provider, which no registry has, from the provider's schema. `pulumi package gen-sdk` is not
 * used: it asks the vendor's Node.js language host to generate, and the replacement has no generator.
 * usage: toolchain/sdk.sh [FOLDER]
 */
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build } from "./go";
import { pathsOf, type Environment, type Paths } from "../system/paths";
import { versions } from "./pieces";
import { isProgram, must } from "../system/process";
import { conclude, onStderr, type Reporter } from "../system/reporter";
import { link, settingUp } from "./setup";

/** Puts the generator where this checkout looks for it; once built, nothing is fetched for it. */
export async function addGenerator(
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<string> {
  const out = join(paths.cache, "sdkgen", `${versions.pulumi}-${sourcesOf(paths)}`, "built", "sdkgen");
  const title = "the SDK generator (about 2 minutes, once)";
  const binary = { module: "sdkgen", package: ".", variables: [], out, title };
  const provide = async () => isProgram(out) || (await build(binary, paths, environment, reporter));
  // Looked for again once it is our turn: another may have built it.
  if (!isProgram(out)) await settingUp(paths, reporter, provide);
  const program = join(paths.dot, "toolchain", "sdkgen");
  link(out, program);
  return program;
}

/** Its main.go is ours and may change where no version does. */
function sourcesOf(paths: Paths): string {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum", "main.go"])
    hash.update(readFileSync(join(paths.root, "toolchain", "go", "sdkgen", name)));
  return hash.digest("hex").slice(0, 8);
}

/** Into a new folder, of a checkout whose Pulumi is set up. Once the generator is built, no network is needed. */
export async function libvirtSdk(
  folder: string,
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<void> {
  const generator = await addGenerator(paths, environment, reporter);
  const work = mkdtempSync(join(paths.dot, "sdk-"));
  // A temporary folder is its owner's alone, and so would be a copy of it.
  const made = join(work, "libvirt");
  try {
    const title = `generating the SDK of dmacvicar/libvirt ${versions.libvirt}`;
    await reporter.step(title, async () => {
      const schema = await schemaOf(paths, environment);
      await must(generator, ["nodejs", made], { input: schema, timeout: 120 });
    });
    adapt(made);
    cpSync(made, folder, { recursive: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function schemaOf(paths: Paths, environment: Environment): Promise<string> {
  const plugin = `plugins/resource-terraform-provider-v${versions.bridge}/pulumi-resource-terraform-provider`;
  const args = [
    "package",
    "get-schema",
    join(paths.pulumiHome, plugin),
    "dmacvicar/libvirt",
    versions.libvirt,
  ];
  const env = { ...environment, PULUMI_HOME: paths.pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "true" };
  return must(join(paths.dot, "toolchain", "pulumi"), args, { env, timeout: 120 });
}

/**
 * All that is edited of what was generated. The project's own `npm run sdk` compiles it with the project's TypeScript:
 * npm blocks a dependency's scripts, and a second copy of TypeScript or of @pulumi/pulumi must not appear. A peer, for
 * `npm pack` bundles what is a dependency.
 */
function adapt(folder: string): void {
  rmSync(join(folder, "scripts"), { recursive: true });
  const file = join(folder, "package.json");
  const made = JSON.parse(readFileSync(file, "utf8")) as { dependencies: Record<string, string> };
  const peers = { "@pulumi/pulumi": made.dependencies["@pulumi/pulumi"] };
  const entries = Object.entries(made)
    .filter(([key]) => key !== "scripts")
    .map(([key, value]) => (key === "dependencies" ? ["peerDependencies", peers] : [key, value]));
  const manifest: unknown = Object.fromEntries([...entries, ["private", true]]);
  writeFileSync(file, `${JSON.stringify(manifest, null, 4)}\n`);
}

/** In place of the committed one, and compiled; or into a folder that the project has nothing to do with. */
async function main(folder: string | undefined): Promise<void> {
  const paths = pathsOf(join(__dirname, ".."), process.env);
  if (folder !== undefined) {
    if (existsSync(folder) && readdirSync(folder).length > 0)
      throw new Error(`${folder} is not empty: name a folder that is new`);
    return libvirtSdk(folder, paths, process.env, onStderr);
  }
  const place = join(paths.root, "sdks", "libvirt");
  const fresh = join(paths.dot, "sdk");
  rmSync(fresh, { recursive: true, force: true });
  await libvirtSdk(fresh, paths, process.env, onStderr);
  // Whole before the old one goes.
  rmSync(place, { recursive: true, force: true });
  renameSync(fresh, place);
  await must("npm", ["run", "--silent", "sdk"], { cwd: paths.root });
  onStderr.line("sdks/libvirt is new; see what changed with: git diff --stat sdks");
}

if (require.main === module) conclude(main(process.argv[2]));
