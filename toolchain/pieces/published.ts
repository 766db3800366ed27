/** Plugins that the vendor publishes: installed on this machine, or to be downloaded. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../system/paths";
import { isProgram } from "../../system/process";
import type { Origins, SetUp } from "./piece";

export const BRIDGE = "pulumi-resource-terraform-provider";

export function published(setUp: SetUp, name: string, version: string): Omit<Origins, "own"> {
  const folder = `resource-${name}-v${version}`;
  const path = join(setUp.paths.cache, "plugins", "vendor", folder);
  const installed = installedPlugin(setUp.environment, name, version);
  return {
    installed: installed === undefined ? undefined : { name, version, source: "installed", path: installed },
    vendor: { path, fetch: () => setUp.vendor.plugin(name, version, path) },
  };
}

/** The folder of a plugin in the user's PULUMI_HOME. */
export function installedPlugin(environment: Environment, name: string, version: string): string | undefined {
  const folder = join(ownHome(environment), "plugins", `resource-${name}-v${version}`);
  return isProgram(join(folder, `pulumi-resource-${name}`)) ? folder : undefined;
}

/** The user's PULUMI_HOME. The project's own one, which `vxlab env` prints, holds only what the set-up put there. */
export function ownHome(environment: Environment): string {
  const home = environment["PULUMI_HOME"];
  return home && !home.endsWith("/.vxlab/pulumi-home")
    ? home
    : join(environment["HOME"] || homedir(), ".pulumi");
}
