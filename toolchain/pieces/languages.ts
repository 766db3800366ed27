/** The language hosts: the vendor ships them beside the CLI. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { isProgram } from "../../system/process";
import { build } from "../go/build";
import { builtFolder, type Recipe } from "../go/recipe";
import { obtain, type Piece, type SetUp } from "./piece";
import { standIn } from "./stand-ins";
import { versions } from "./versions";

export async function nodeHost(setUp: SetUp, cli: Piece): Promise<Piece> {
  return hostBeside(cli, "language-nodejs") ?? standIn(setUp, "language-nodejs", versions.pulumi);
}

/** For programs in Python. The set-up of a lab does not need it (languages.ts). */
export async function pythonHost(setUp: SetUp, cli: Piece): Promise<Piece> {
  return hostBeside(cli, "language-python") ?? standIn(setUp, "language-python", versions.pulumi);
}

export const YAML: Recipe = {
  module: "yaml",
  programs: { "pulumi-language-yaml": "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml" },
  variables: [`github.com/pulumi/pulumi-yaml/pkg/version.Version=v${versions.yaml}`],
  title: `the YAML language host ${versions.yaml} (about 3 minutes on 2 cores, once)`,
};

/** For programs in YAML; as above. */
export function yamlHost(setUp: SetUp, cli: Piece): Promise<Piece> {
  const [program = ""] = Object.keys(YAML.programs);
  const path = join(builtFolder(setUp.paths, YAML), program);
  const origins = { installed: hostBeside(cli, "language-yaml"), own: { source: "built", path } } as const;
  return obtain("language-yaml", versions.yaml, origins, () => build(YAML, [program], setUp));
}

function hostBeside(cli: Piece, name: string): Piece | undefined {
  const path = join(dirname(realpathSync(cli.path)), `pulumi-${name}`);
  return isProgram(path) ? { name, version: cli.version, source: cli.source, path } : undefined;
}
