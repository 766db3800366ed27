/** Lists what other versions of this project left in the cache. Another checkout may use it, so nothing is deleted. */
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { Paths } from "../../system/paths";
import { builtFolder } from "../go/recipe";
import { ENGINE } from "../pieces/engine";
import { YAML } from "../pieces/languages";
import { LIBVIRT } from "../pieces/plugins";
import { standInFolder } from "../pieces/stand-ins";
import { versions } from "../pieces/versions";
import { GENERATOR } from "./generator";

/** Paths below the cache. */
export function otherVersions(paths: Paths): string[] {
  // `bridge`, `yaml` and `sdkgen` are of versions that built each program on its own.
  const found = ["bridge", "built", "libvirt", "plugins", "pulumi", "sdkgen", "yaml"].flatMap((folder) =>
    entries(paths, folder),
  );
  if (found.length === 0) return [];
  const used = inUse(paths);
  return found.filter((path) => !used.includes(path)).sort();
}

function inUse(paths: Paths): string[] {
  const folders = [ENGINE, LIBVIRT, YAML, GENERATOR].map((recipe) => builtFolder(paths, recipe));
  return [
    ...[...folders, standInFolder(paths, "")].map((path) => relative(paths.cache, path)),
    join("pulumi", versions.cli),
    join("libvirt", versions.libvirt),
    join("libvirt", "qemu"), // toolchain/embedded.sh
    join("plugins", "vendor"),
  ];
}

function entries({ cache }: Paths, folder: string): string[] {
  const path = join(cache, folder);
  return existsSync(path) ? readdirSync(path).map((name) => join(folder, name)) : [];
}
