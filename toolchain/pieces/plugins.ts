/** Resource plugins: `command`, `random`, the Terraform bridge and the libvirt provider that the bridge runs. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../system/paths";
import { isProgram, run } from "../../system/process";
import { build } from "../go/build";
import { libvirtStreams } from "../go/mend";
import { obtain, type Origins, type Piece, type SetUp } from "./piece";
import { bundleStandIns, standInFolder } from "./stand-ins";
import { versions } from "./versions";

const BRIDGE = "pulumi-resource-terraform-provider";

/** Where the bridge finds a provider without asking a registry, below PULUMI_HOME. */
export const providerPath = join(
  "dynamic_tf_plugins/registry.opentofu.org/dmacvicar/libvirt",
  versions.libvirt,
  `linux_amd64/terraform-provider-libvirt_v${versions.libvirt}`,
);

export function plainPlugin(setUp: SetUp, name: "command" | "random"): Promise<Piece> {
  const path = standInFolder(setUp.paths, `resource-${name}-v${versions[name]}`);
  return obtain(name, versions[name], {
    ...published(setUp, name, versions[name]),
    own: { source: "stand-in", path, make: () => bundleStandIns(setUp) },
  });
}

export function bridge(setUp: SetUp): Promise<Piece> {
  const version = versions.bridge;
  const path = join(setUp.paths.cache, "bridge", version, "built");
  const program = join(path, BRIDGE);
  const sources = "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic";
  const binary = {
    module: "bridge",
    package: sources,
    variables: [`${sources}/version.version=${version}`],
    out: program,
    title: `the Terraform bridge ${version} (about 3 minutes, once)`,
  };
  return obtain("terraform-provider", version, {
    ...published(setUp, "terraform-provider", version),
    own: { source: "built", path, program, make: () => build(binary, setUp) },
  });
}

export function libvirtProvider(setUp: SetUp, from: Piece): Promise<Piece> {
  const { libvirt: version, libvirtBuild } = versions;
  const cache = join(setUp.paths.cache, "libvirt");
  const path = join(ownHome(setUp.environment), providerPath);
  const downloaded = join(cache, version, "vendor", providerPath);
  const built = join(cache, libvirtBuild, "built", "terraform-provider-libvirt");
  const binary = {
    module: "libvirt",
    package: "github.com/dmacvicar/terraform-provider-libvirt",
    variables: [],
    out: built,
    title: `the libvirt provider ${version}`,
    mend: libvirtStreams,
  };
  return obtain("libvirt", version, {
    installed: isProgram(path) ? { name: "libvirt", version, source: "installed", path } : undefined,
    vendor: { path: downloaded, fetch: () => askBridge(setUp, from, downloaded) },
    own: { source: "built", path: built, make: () => build(binary, setUp) },
  });
}

/**
 * The vendor's bridge downloads a provider when it is asked for the provider's schema. Asked here, it need not download
 * inside the lab's network namespace, which reaches no registry.
 */
async function askBridge(setUp: SetUp, from: Piece, target: string): Promise<boolean> {
  if (from.source === "built" || !(await setUp.vendor.reachable())) return false;
  const cli = join(setUp.paths.dot, "toolchain", "pulumi");
  const PULUMI_HOME = target.slice(0, -providerPath.length - 1);
  const env = { ...setUp.environment, PULUMI_HOME, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const args = ["package", "get-schema", join(from.path, BRIDGE), "dmacvicar/libvirt", versions.libvirt];
  return (await run(cli, args, { env, timeout: 120 })).code === 0 && isProgram(target);
}

/** A plugin that the vendor publishes, installed or to be downloaded. */
function published(setUp: SetUp, name: string, version: string): Omit<Origins, "own"> {
  const folder = `resource-${name}-v${version}`;
  const installed = join(ownHome(setUp.environment), "plugins", folder);
  const path = join(setUp.paths.cache, "plugins", "vendor", folder);
  return {
    installed: isProgram(join(installed, `pulumi-resource-${name}`))
      ? { name, version, source: "installed", path: installed }
      : undefined,
    vendor: { path, fetch: () => setUp.vendor.plugin(name, version, path) },
  };
}

/** The user's PULUMI_HOME. The project's own one, which `vxlab env` prints, holds only what the set-up put there. */
function ownHome(environment: Environment): string {
  const home = environment["PULUMI_HOME"];
  return home && !home.endsWith("/.vxlab/pulumi-home")
    ? home
    : join(environment["HOME"] || homedir(), ".pulumi");
}
