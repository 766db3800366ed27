// What a contract test runs against: always the stand-in, and the vendor's plugin if VXLAB_VENDOR_PLUGINS names its folder.
import { join, resolve } from "node:path";
import { buildPlugins } from "../src/build";
import { isProgram } from "../src/language/install";
import { versions } from "../src/versions";
import { temporary } from "./temporary";

export interface Target {
  label: "stand-in" | "vendor";
  path: () => Promise<string>;
}

export type PluginName = "pulumi-resource-command" | "pulumi-resource-random" | "pulumi-language-nodejs";

const folders: Record<PluginName, string> = {
  "pulumi-resource-command": `resource-command-v${versions.command}`,
  "pulumi-resource-random": `resource-random-v${versions.random}`,
  "pulumi-language-nodejs": "language-nodejs",
};

let built: Promise<string> | undefined;

/** The stand-ins, built once in a test file. */
function standIns(): Promise<string> {
  const build = async (): Promise<string> => {
    const dir = temporary("plugins");
    await buildPlugins(dir);
    return dir;
  };
  return (built ??= build());
}

export function targets(name: PluginName): Target[] {
  const found: Target[] = [
    { label: "stand-in", path: async () => join(await standIns(), folders[name], name) },
  ];
  const vendor = vendorsOwn(name, process.env);
  if (vendor !== undefined) found.push({ label: "vendor", path: () => Promise.resolve(vendor) });
  return found;
}

/** The vendor's plugin. @throws Error when VXLAB_VENDOR_PLUGINS is set and its folder lacks the plugin */
export function vendorsOwn(name: PluginName, environment: NodeJS.ProcessEnv): string | undefined {
  const folder = environment["VXLAB_VENDOR_PLUGINS"];
  if (!folder) return undefined;
  // All in one folder, or as the CLI lays them out below PULUMI_HOME/plugins.
  const places = [".", folders[name], `${folders[name]}-v${versions.pulumi}`];
  const candidates = places.map((place) => resolve(folder, place, name));
  const path = candidates.find(isProgram);
  if (path !== undefined) return path;
  throw new Error(
    `VXLAB_VENDOR_PLUGINS: got ${JSON.stringify(folder)}, which has no program ${name}, nor ${folders[name]}/${name}. ` +
      "Write the folder with the vendor's plugins, or unset it: the stand-ins are tested in any case.",
  );
}
