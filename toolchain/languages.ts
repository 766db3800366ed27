/**
 * Adds the language hosts for YAML and Python, and the SDK generator. A lab needs none of them, so `./vxlab` does not.
 * usage: npx tsx toolchain/languages.ts, in a checkout that `./vxlab` has set up
 */
import { join } from "node:path";
import { pathsOf, type Environment, type Paths } from "../system/paths";
import { conclude, onStderr, type Reporter } from "../system/reporter";
import { addGenerator } from "./setup/generator";
import { layOutLanguages } from "./setup/added-languages";
import type { Piece } from "./pieces/piece";
import { settingUp } from "./setup/set-up";
import { readPieces } from "./setup/stamp";
import { Vendor } from "./vendor/vendor";

/** @throws Error if the checkout is not set up yet */
export async function addLanguages(
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<Piece[]> {
  const cli = readPieces(paths, environment)?.find(({ name }) => name === "pulumi");
  if (cli === undefined) throw new Error(`Pulumi is not set up here yet; run: ${paths.root}/vxlab env`);
  const setUp = { paths, environment, reporter, vendor: new Vendor(paths, reporter, environment) };
  const pieces = await settingUp(paths, reporter, () => layOutLanguages(setUp, cli));
  await addGenerator(setUp);
  return pieces;
}

if (require.main === module) {
  const paths = pathsOf(join(__dirname, ".."), process.env);
  const list = (pieces: Piece[]) =>
    pieces.forEach(({ name, version, source }) => onStderr.line(`${name} ${version}: ${source}`));
  conclude(addLanguages(paths, process.env, onStderr).then(list));
}
