// Bundles the stand-ins: OUT/<plugin folder>/<executable>, laid out as $PULUMI_HOME/plugins is.
// usage: npx tsx packages/pulumi-stand-ins/src/build.ts OUT
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import type { BuildOptions } from "esbuild";
import { versions } from "./versions";

interface Plugin {
  folder: string;
  name: string;
  entry: string;
  /** Files to copy beside the bundle. */
  files?: readonly string[];
}

const plugins: readonly Plugin[] = [
  { folder: "language-nodejs", name: "pulumi-language-nodejs", entry: "language/main.ts" },
  {
    folder: "language-python",
    name: "pulumi-language-python",
    entry: "python/main.ts",
    files: ["python/run.py"],
  },
  {
    folder: `resource-command-v${versions.command}`,
    name: "pulumi-resource-command",
    entry: "command/main.ts",
  },
  { folder: `resource-random-v${versions.random}`, name: "pulumi-resource-random", entry: "random/main.ts" },
];

const options: BuildOptions = {
  bundle: true,
  minify: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "error",
  // ssh2's compiled parts are optional and not installed.
  external: ["cpu-features", "*.node"],
};

export async function buildPlugins(outDir: string): Promise<void> {
  await Promise.all(plugins.map((p) => buildPlugin(p, join(outDir, p.folder))));
}

async function buildPlugin({ name, entry, files = [] }: Plugin, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const stale = (await readdir(dir)).filter((f) => f.startsWith(name));
  await Promise.all(stale.map((f) => rm(join(dir, f))));
  const { outputFiles } = await build({ ...options, entryPoints: [join(__dirname, entry)], write: false });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const bundleName = `${name}-${createHash("sha256").update(code).digest("hex").slice(0, 12)}`;
  await writeFile(join(dir, `${bundleName}.js`), code);
  await Promise.all(files.map((f) => copyFile(join(__dirname, f), join(dir, basename(f)))));
  const loader = join(dir, `${name}.cjs`);
  const define = { bundleName: JSON.stringify(bundleName) };
  await build({ ...options, entryPoints: [join(__dirname, "loader.ts")], outfile: loader, define });
  await writeExecutable(join(dir, name));
  writeCodeCache(loader);
}

/** Callers may start it through a link, so it resolves its own path before it looks for the bundle. */
async function writeExecutable(path: string): Promise<void> {
  const lines = ["#!/bin/sh", 'exec node "$(readlink -f "$0").cjs" "$@"', ""];
  await writeFile(path, lines.join("\n"));
  await chmod(path, 0o755);
}

/** Starts the plugin once, which also shows that the bundle is complete. */
function writeCodeCache(loader: string): void {
  const env = { ...process.env, VXLAB_WRITE_CODE_CACHE: "1" };
  const run = spawnSync("node", [loader], { env, encoding: "utf8", timeout: 60_000 });
  if (run.status !== 0) throw new Error(`${loader} does not start: ${run.error?.message ?? run.stderr}`);
}

if (require.main === module) {
  const out = process.argv[2];
  if (out === undefined) {
    console.error("usage: npx tsx packages/pulumi-stand-ins/src/build.ts OUT");
    process.exitCode = 2;
  } else {
    buildPlugins(out).catch((e: unknown) => {
      console.error(e);
      process.exitCode = 1;
    });
  }
}
