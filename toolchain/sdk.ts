/**
 * Generates the SDK of the libvirt provider, which no registry carries, from the provider's schema. `pulumi package gen-sdk`
 * would need the vendor's Node.js language host: vxlab's stand-in has no generator.
 * usage: toolchain/sdk.sh [FOLDER]
 */
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
import { pathsOf, type Environment, type Paths } from "../system/paths";
import { must } from "../system/process";
import { conclude, onStderr, type Reporter } from "../system/reporter";
import { addGenerator } from "./setup/generator";
import { versions } from "./pieces/versions";

/** Writes the SDK to a new folder. Pulumi must be set up in this checkout. */
export async function libvirtSdk(
  folder: string,
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<void> {
  const generator = await addGenerator({ paths, environment, reporter });
  const work = mkdtempSync(join(paths.dot, "sdk-"));
  // A folder inside: `work` itself has mode 0700, and a copy of it would too.
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
 * Edits the generated package. It loses its scripts, because `npm run sdk` compiles it with the project's TypeScript. Its
 * dependency on @pulumi/pulumi becomes a peer, because `npm pack` would bundle a second copy.
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

/** Replaces and compiles sdks/libvirt; with a folder, writes there and leaves the project as it is. */
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
  // The old one is removed only after the new one is complete.
  rmSync(place, { recursive: true, force: true });
  renameSync(fresh, place);
  await must("npm", ["run", "--silent", "sdk"], { cwd: paths.root });
  onStderr.line("sdks/libvirt is new; see what changed with: git diff --stat sdks");
}

if (require.main === module) conclude(main(process.argv[2]));
