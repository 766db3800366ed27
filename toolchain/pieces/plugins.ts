/** Resource plugins: `command`, `random`, and the libvirt provider that the bridge runs. */
import { join } from "node:path";
import { isProgram, run } from "../../system/process";
import { build } from "../go/build";
import { libvirtStreams } from "../go/mend";
import { builtFolder, type Recipe } from "../go/recipe";
import { obtain, type Piece, type SetUp } from "./piece";
import { BRIDGE, ownHome, published } from "./published";
import { bundleStandIns, standInFolder } from "./stand-ins";
import { versions } from "./versions";

/** Where the bridge finds a provider without asking a registry, below PULUMI_HOME. */
export const providerPath = join(
  "dynamic_tf_plugins/registry.opentofu.org/dmacvicar/libvirt",
  versions.libvirt,
  `linux_amd64/terraform-provider-libvirt_v${versions.libvirt}`,
);

export function plainPlugin(setUp: SetUp, name: "command" | "random"): Promise<Piece> {
  const path = standInFolder(setUp.paths, `resource-${name}-v${versions[name]}`);
  const own = { source: "stand-in", path } as const;
  const origins = { ...published(setUp, name, versions[name]), own };
  return obtain(name, versions[name], origins, () => bundleStandIns(setUp));
}

const PROVIDER = "terraform-provider-libvirt";

export const LIBVIRT: Recipe = {
  module: "libvirt",
  programs: { [PROVIDER]: `github.com/dmacvicar/${PROVIDER}` },
  title: `the libvirt provider ${versions.libvirt} from Go sources (about half a minute, once)`,
  mend: libvirtStreams,
};

export function libvirtProvider(setUp: SetUp, from: Piece): Promise<Piece> {
  const { libvirt: version } = versions;
  const path = join(ownHome(setUp.environment), providerPath);
  const downloaded = join(setUp.paths.cache, "libvirt", version, "vendor", providerPath);
  const origins = {
    installed: isProgram(path)
      ? ({ name: "libvirt", version, source: "installed", path } as const)
      : undefined,
    vendor: { path: downloaded, fetch: () => askBridge(setUp, from, downloaded) },
    own: { source: "built", path: join(builtFolder(setUp.paths, LIBVIRT), PROVIDER) } as const,
  };
  return obtain("libvirt", version, origins, () => build(LIBVIRT, [PROVIDER], setUp));
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
