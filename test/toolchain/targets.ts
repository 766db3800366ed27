// What a contract test runs against: our replacement always, the vendor's plugin where it is on the machine.
import { join, resolve } from "node:path";
import type { Environment } from "../../system/paths";
import { versions } from "../../toolchain/pieces";
import { buildPlugins } from "../../toolchain/plugins/build";
import { isProgram } from "../../system/process";
import { temporary } from "../lib/temporary";

export interface Target {
  label: "replacement" | "vendor";
  path: () => Promise<string>;
}

export type PluginName = "pulumi-resource-command" | "pulumi-resource-random" | "pulumi-language-nodejs";

const folders: Record<PluginName, string> = {
  "pulumi-resource-command": "resource-command-v1.2.1",
  "pulumi-resource-random": "resource-random-v4.18.2",
  "pulumi-language-nodejs": "language-nodejs",
};

let built: Promise<string> | undefined;

/** The replacements, built once in a test file. */
export function replacements(): Promise<string> {
  const build = async (): Promise<string> => {
    const dir = temporary("plugins");
    await buildPlugins(dir);
    return dir;
  };
  return (built ??= build());
}

export function targets(name: PluginName): Target[] {
  const found: Target[] = [
    { label: "replacement", path: async () => join(await replacements(), folders[name], name) },
  ];
  const vendor = vendorsOwn(name, process.env);
  if (vendor !== undefined) found.push({ label: "vendor", path: () => Promise.resolve(vendor) });
  return found;
}

/** The vendor's plugin, where there is said to be one: a folder that lacks it must not pass for "all tests green". */
export function vendorsOwn(name: PluginName, environment: Environment): string | undefined {
  const folder = environment["VXLAB_VENDOR_PLUGINS"];
  if (!folder) return undefined;
  // All in one folder, or as the CLI lays them out below PULUMI_HOME/plugins.
  const places = [".", folders[name], `${folders[name]}-v${versions.pulumi}`];
  const candidates = places.map((place) => resolve(folder, place, name));
  const path = candidates.find(isProgram);
  if (path !== undefined) return path;
  throw new Error(
    `VXLAB_VENDOR_PLUGINS: got ${JSON.stringify(folder)}, which has no program ${name}, nor ${folders[name]}/${name}. ` +
      "Write the folder with the vendor's plugins, or unset it: the replacements are tested in any case.",
  );
}
