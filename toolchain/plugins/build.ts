// Bundles the replacements: OUT/<plugin folder>/<executable>, laid out as $PULUMI_HOME/plugins is.
// usage: npx tsx toolchain/plugins/build.ts OUT
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

interface Plugin {
  folder: string;
  name: string;
  entry: string;
}

const plugins: readonly Plugin[] = [
  { folder: "language-nodejs", name: "pulumi-language-nodejs", entry: "language/main.ts" },
  { folder: "resource-command-v1.2.1", name: "pulumi-resource-command", entry: "command/main.ts" },
  { folder: "resource-random-v4.18.2", name: "pulumi-resource-random", entry: "random/main.ts" },
];

export async function buildPlugins(outDir: string): Promise<void> {
  await Promise.all(plugins.map((p) => buildPlugin(p, join(outDir, p.folder))));
}

async function buildPlugin(plugin: Plugin, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await build({
    entryPoints: [join(__dirname, plugin.entry)],
    outfile: join(dir, `${plugin.name}.cjs`),
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    logLevel: "error",
    // ssh2's compiled parts are optional, and are not there.
    external: ["cpu-features", "*.node"],
  });
  await writeExecutable(join(dir, plugin.name));
}

/** It may be linked to from elsewhere: the bundle is looked for beside the file itself. */
async function writeExecutable(path: string): Promise<void> {
  const lines = ["#!/bin/sh", 'exec node "$(readlink -f "$0").cjs" "$@"', ""];
  await writeFile(path, lines.join("\n"));
  await chmod(path, 0o755);
}

if (require.main === module) {
  const out = process.argv[2];
  if (out === undefined) {
    console.error("usage: npx tsx toolchain/plugins/build.ts OUT");
    process.exitCode = 2;
  } else {
    buildPlugins(out).catch((e: unknown) => {
      console.error(e);
      process.exitCode = 1;
    });
  }
}
