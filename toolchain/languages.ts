/**
 * Language hosts for programs in YAML and Python. A lab needs neither, so `./vxlab` does not set them up.
 * usage: npx tsx toolchain/languages.ts, in a checkout that `./vxlab` has set up
 */
import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { pathsOf, type Environment, type Paths } from "../system/paths";
import { pythonHost, yamlHost, type Piece } from "./pieces";
import { conclude, onStderr, type Reporter } from "../system/reporter";
import { addGenerator } from "./sdk";
import { readPieces, settingUp } from "./setup";
import { Vendor } from "./vendor";

/** Puts them where the checkout's Pulumi looks for plugins; the vendor's are beside the vendor's CLI. */
export async function addLanguages(
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<Piece[]> {
  const cli = readPieces(paths)?.find(({ name }) => name === "pulumi");
  if (cli === undefined) throw new Error(`Pulumi is not set up here yet; run: ${paths.root}/vxlab env`);
  const shop = { paths, environment, reporter, vendor: new Vendor(reporter, environment) };
  const hosts = async () => [await yamlHost(shop, cli), await pythonHost(shop, cli)];
  const pieces = await settingUp(paths, reporter, hosts);
  for (const { name, version, source, path } of pieces) {
    const folder = join(paths.pulumiHome, "plugins", `${name}-v${version}`);
    if (source !== "built" && source !== "replacement") continue;
    mkdirSync(folder, { recursive: true });
    cpSync(path, source === "built" ? join(folder, basename(path)) : folder, { recursive: true });
  }
  await addGenerator(paths, environment, reporter);
  return pieces;
}

if (require.main === module) {
  const paths = pathsOf(join(__dirname, ".."), process.env);
  const told = (pieces: Piece[]) =>
    pieces.forEach(({ name, version, source }) => onStderr.line(`${name} ${version}: ${source}`));
  conclude(addLanguages(paths, process.env, onStderr).then(told));
}
