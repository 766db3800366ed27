/** The Pulumi CLI, and the language hosts that the vendor ships beside it. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Environment } from "../../system/paths";
import { compareVersions, isProgram, run, searchPath, whereIs } from "../../system/process";
import { build } from "../go/build";
import { obtain, type Piece, type SetUp } from "./piece";
import { standIn } from "./stand-ins";
import { versions } from "./versions";

export async function pulumiCli(setUp: SetUp): Promise<Piece> {
  const version = versions.pulumi;
  const folder = join(setUp.paths.cache, "pulumi", version);
  const downloaded = join(folder, "vendor", "pulumi");
  const built = join(folder, "built", "pulumi");
  const binary = {
    module: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables: [`github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`],
    out: built,
    title: `the Pulumi CLI ${version} (about 4 minutes, once)`,
  };
  return obtain("pulumi", version, {
    installed: await installedCli(setUp.environment),
    vendor: { path: downloaded, fetch: () => setUp.vendor.cli(version, dirname(downloaded)) },
    own: { source: "built", path: built, make: () => build(binary, setUp) },
  });
}

/** Version 3, the pinned one or newer. Skips this project's own wrapper. */
async function installedCli(environment: Environment): Promise<Piece | undefined> {
  for (const path of whereIs("pulumi", searchPath(environment))) {
    if (path.endsWith("/.vxlab/bin/pulumi")) continue;
    const env = { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stdout } = await run(path, ["version"], { env, timeout: 20 });
    const version = /^v(3\.\d+\.\d+)$/m.exec(stdout)?.[1];
    if (version !== undefined && compareVersions(version, versions.pulumi) >= 0)
      return { name: "pulumi", version, source: "installed", path };
  }
  return undefined;
}

export async function nodeHost(setUp: SetUp, cli: Piece): Promise<Piece> {
  return hostBeside(cli, "language-nodejs") ?? standIn(setUp, "language-nodejs", versions.pulumi);
}

/** For programs in Python. The set-up of a lab does not need it (languages.ts). */
export async function pythonHost(setUp: SetUp, cli: Piece): Promise<Piece> {
  return hostBeside(cli, "language-python") ?? standIn(setUp, "language-python", versions.pulumi);
}

/** For programs in YAML; as above. */
export function yamlHost(setUp: SetUp, cli: Piece): Promise<Piece> {
  const out = join(setUp.paths.cache, "yaml", versions.yaml, "built", "pulumi-language-yaml");
  const sources = "github.com/pulumi/pulumi-yaml";
  const binary = {
    module: "yaml",
    package: `${sources}/cmd/pulumi-language-yaml`,
    variables: [`${sources}/pkg/version.Version=v${versions.yaml}`],
    out,
    title: `the YAML language host ${versions.yaml} (about 4 minutes, once)`,
  };
  return obtain("language-yaml", versions.yaml, {
    installed: hostBeside(cli, "language-yaml"),
    own: { source: "built", path: out, make: () => build(binary, setUp) },
  });
}

function hostBeside(cli: Piece, name: string): Piece | undefined {
  const path = join(dirname(realpathSync(cli.path)), `pulumi-${name}`);
  return isProgram(path) ? { name, version: cli.version, source: cli.source, path } : undefined;
}
