// Bundles the CLI into one file, so that it starts fast, and beside it the reader of settings for toolchain/libvirt.sh.
// usage: tsx toolchain/bundle.ts OUT
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(__dirname, "..");

/** The bundle is in .vxlab/cli. The project's root is found at run time, because a checkout may be moved. */
const banner = 'globalThis.vxlabRoot = require("node:path").join(__dirname, "..", "..");';

/** A module finds files beside itself through __dirname, so each keeps its own __dirname in the bundle. */
const ownFolder: Plugin = {
  name: "own-folder",
  setup(bundler) {
    bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const own = `const __dirname = require("node:path").join(globalThis.vxlabRoot, ${JSON.stringify(relative(root, dirname(path)))});`;
      const head = /\b__dirname\b/.test(source) ? own : "";
      return { contents: head + source, loader: "ts" };
    });
  },
};

async function bundle(entry: string, out: string): Promise<void> {
  const result = await build({
    entryPoints: [join(root, "cli", entry)],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "cjs",
    packages: "external",
    // Bundled as one file instead of seventy, without its writer.
    alias: { yaml: join(root, "node_modules", "yaml", "browser", "dist", "index.js") },
    banner: { js: banner },
    logLevel: "silent",
    plugins: [ownFolder],
  });
  mkdirSync(dirname(out), { recursive: true });
  // Renamed into place: another vxlab may be starting at this moment.
  const draft = `${out}.${process.pid}`;
  writeFileSync(draft, result.outputFiles[0]?.contents ?? "");
  renameSync(draft, out);
}

const out = process.argv[2];
if (out === undefined) throw new Error("usage: tsx toolchain/bundle.ts OUT");
// The CLI last: the launcher compares the age of that file with the sources.
bundle("settings/main.ts", join(dirname(out), "settings.cjs"))
  .then(() => bundle("start.ts", out))
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
