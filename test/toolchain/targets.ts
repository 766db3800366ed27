// What a contract test runs against: our replacement always, the vendor's plugin where it is on the machine.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildPlugins } from "../../toolchain/plugins/build";
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
  const vendor = join(process.env.VXLAB_VENDOR_PLUGINS ?? "", name);
  if (process.env.VXLAB_VENDOR_PLUGINS && existsSync(vendor)) {
    found.push({ label: "vendor", path: () => Promise.resolve(vendor) });
  }
  return found;
}
