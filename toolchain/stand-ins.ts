/** The plugins that no registry carries (packages/pulumi-stand-ins), bundled once for each state of their sources. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Paths } from "../system/paths";
import { must } from "../system/process";
import type { Reporter } from "../system/reporter";

/** Where one of them is, or will be: laid out as `$PULUMI_HOME/plugins`. */
export function standInFolder(paths: Paths, plugin: string): string {
  return join(paths.cache, "plugins", sourcesHash(paths), plugin);
}

export async function standIn(paths: Paths, reporter: Reporter, plugin: string): Promise<string> {
  const path = standInFolder(paths, plugin);
  if (!existsSync(path))
    await reporter.step("bundling the stand-ins for the vendor's plugins", () =>
      bundle(paths, dirname(path)),
    );
  return path;
}

async function bundle(paths: Paths, folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), ".bundle-"));
  try {
    // In a process of its own: bundled into the CLI, build.ts would not find its entries beside itself.
    const tsx = join(paths.root, "node_modules", "tsx", "dist", "cli.mjs");
    const script = join(sourcesOf(paths), "build.ts");
    await must(process.execPath, [tsx, script, work], { cwd: paths.root, timeout: 120 });
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const sourcesOf = (paths: Paths): string => join(paths.root, "packages", "pulumi-stand-ins", "src");

/** Covers names, contents, and the versions of the bundled packages. */
export function sourcesHash(paths: Paths): string {
  const folder = sourcesOf(paths);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(ts|json|py)$/.test(name),
  );
  const hash = createHash("sha256");
  for (const path of [
    ...names.sort().map((name) => join(folder, name)),
    join(paths.root, "package-lock.json"),
  ]) {
    hash.update(`${path.slice(paths.root.length)}\0`).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 16);
}
