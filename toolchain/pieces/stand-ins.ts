/** The plugins that no registry carries (packages/pulumi-stand-ins), bundled once for each state of their sources. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Paths } from "../../system/paths";
import { must } from "../../system/process";
import { inWorkFolder } from "../setup/work";
import type { Piece, SetUp } from "./piece";

/** Laid out as `$PULUMI_HOME/plugins`. */
const cacheOf = (paths: Paths): string => join(paths.cache, "plugins", sourcesHash(paths));
const sourcesOf = (paths: Paths): string => join(paths.root, "packages", "pulumi-stand-ins", "src");

export const standInFolder = (paths: Paths, plugin: string): string => join(cacheOf(paths), plugin);

export async function standIn(setUp: SetUp, name: string, version: string): Promise<Piece> {
  const path = standInFolder(setUp.paths, name);
  if (!existsSync(path)) await bundleStandIns(setUp);
  return { name, version, source: "stand-in", path };
}

export function bundleStandIns({ paths, reporter }: SetUp): Promise<void> {
  return reporter.step("bundling the stand-ins for the vendor's plugins", () =>
    bundle(paths, cacheOf(paths)),
  );
}

function bundle(paths: Paths, folder: string): Promise<void> {
  return inWorkFolder(paths, async (work) => {
    // In a process of its own: bundled into the CLI, build.ts would not find its entries beside itself.
    const tsx = join(paths.root, "node_modules", "tsx", "dist", "cli.mjs");
    const script = join(sourcesOf(paths), "build.ts");
    const made = join(work, "plugins");
    await must(process.execPath, [tsx, script, made], { cwd: paths.root, timeout: 120 });
    mkdirSync(dirname(folder), { recursive: true });
    rmSync(folder, { recursive: true, force: true });
    renameSync(made, folder);
  });
}

/** Covers names, contents, and the versions of the bundled packages. */
export function sourcesHash(paths: Paths): string {
  const folder = sourcesOf(paths);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|json|py)$/.test(name))
    .sort();
  const files = [...names.map((name) => join(folder, name)), join(paths.root, "package-lock.json")];
  const hash = createHash("sha256");
  for (const path of files) hash.update(`${path.slice(paths.root.length)}\0`).update(readFileSync(path));
  return hash.digest("hex").slice(0, 16);
}
