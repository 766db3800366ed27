/** The Pulumi CLI and the Terraform bridge. One Go module builds both, because they share three quarters of their packages. */
import { dirname, join } from "node:path";
import type { Environment } from "../../system/paths";
import { compareVersions, run, searchPath, whereIs } from "../../system/process";
import { build } from "../go/build";
import { builtFolder, type Recipe } from "../go/recipe";
import { choose, type Origins, type Piece, type SetUp } from "./piece";
import { BRIDGE, published } from "./published";
import { versions } from "./versions";

const DYNAMIC = "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic";

export const ENGINE: Recipe = {
  module: "engine",
  programs: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", [BRIDGE]: DYNAMIC },
  variables: [
    `github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.cli}`,
    `${DYNAMIC}/version.version=${versions.bridge}`,
  ],
  title: `the Pulumi CLI ${versions.cli} and the Terraform bridge ${versions.bridge} from Go sources (about 5 minutes on 2 cores, once)`,
};

interface Engine {
  cli: Piece;
  bridge: Piece;
  /** Builds what is missing. Until then the paths of `cli` and `bridge` need not exist. */
  make: () => Promise<void>;
}

export async function engine(setUp: SetUp): Promise<Engine> {
  const cli = await choose("pulumi", versions.cli, await cliOrigins(setUp));
  const bridge = await choose("terraform-provider", versions.bridge, bridgeOrigins(setUp));
  const names = [...(cli.missing ? ["pulumi"] : []), ...(bridge.missing ? [BRIDGE] : [])];
  const make = () => (names.length === 0 ? Promise.resolve() : build(ENGINE, names, setUp));
  return { cli: cli.piece, bridge: bridge.piece, make };
}

async function cliOrigins({ paths, environment, vendor }: SetUp): Promise<Origins> {
  const downloaded = join(paths.cache, "pulumi", versions.cli, "vendor", "pulumi");
  return {
    installed: await installedCli(environment),
    vendor: { path: downloaded, fetch: () => vendor.cli(versions.cli, dirname(downloaded)) },
    own: { source: "built", path: join(builtFolder(paths, ENGINE), "pulumi") },
  };
}

function bridgeOrigins(setUp: SetUp): Origins {
  const path = builtFolder(setUp.paths, ENGINE);
  return {
    ...published(setUp, "terraform-provider", versions.bridge),
    own: { source: "built", path, program: join(path, BRIDGE) },
  };
}

/** Version 3, that of the SDK or newer. */
async function installedCli(environment: Environment): Promise<Piece | undefined> {
  for (const path of candidates(environment)) {
    const env = { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stdout } = await run(path, ["version"], { env, timeout: 20 });
    const version = /^v(3\.\d+\.\d+)$/m.exec(stdout)?.[1];
    if (version !== undefined && compareVersions(version, versions.pulumi) >= 0)
      return { name: "pulumi", version, source: "installed", path };
  }
  return undefined;
}

/** Every `pulumi` on PATH, without this project's own wrapper. */
export function candidates(environment: Environment): string[] {
  return whereIs("pulumi", searchPath(environment)).filter((path) => !path.endsWith("/.vxlab/bin/pulumi"));
}
