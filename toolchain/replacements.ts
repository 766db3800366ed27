/** Our stand-ins for what no registry carries (toolchain/plugins), bundled once for each state of their sources. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Paths } from "../system/paths";
import { must } from "../system/process";
import type { Reporter } from "../system/reporter";

/** Where one of them is, or will be: laid out as `$PULUMI_HOME/plugins`. */
export function replacementFolder(paths: Paths, plugin: string): string {
  return join(paths.cache, "plugins", sourcesHash(paths), plugin);
}

export async function replacement(paths: Paths, reporter: Reporter, plugin: string): Promise<string> {
  const path = replacementFolder(paths, plugin);
  if (!existsSync(path))
    await reporter.step("bundling the replacements of the vendor's plugins", () =>
      bundle(paths, dirname(path)),
    );
  return path;
}

async function bundle(paths: Paths, folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), ".bundle-"));
  try {
    // A process of its own: build.ts finds its entries beside itself, and bundled into the CLI it would not.
    const tsx = join(paths.root, "node_modules", "tsx", "dist", "cli.mjs");
    const script = join(paths.root, "toolchain", "plugins", "build.ts");
    await must(process.execPath, [tsx, script, work], { cwd: paths.root, timeout: 120 });
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Names, contents, and the versions of what is bundled with them. */
export function sourcesHash(paths: Paths): string {
  const folder = join(paths.root, "toolchain", "plugins");
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
