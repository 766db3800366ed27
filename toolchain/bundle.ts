// Bundles the CLI into one file, so that it starts fast, and beside it the reader of settings for toolchain/libvirt.sh.
// usage: tsx toolchain/bundle.ts OUT
//        tsx toolchain/bundle.ts --package OUT    the package's command, with everything that it imports
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(__dirname, "..");

interface Form {
  /** The folder below which the files of the modules are, from the bundle's; a checkout and a program may be moved. */
  root: string;
  /** Packages inside the bundle. */
  whole: boolean;
}

const checkout: Form = { root: "../..", whole: false };
/** The files of the modules are in dist/, as compiled. */
const packaged: Form = { root: "..", whole: true };

const banner = ({ root, whole }: Form): string =>
  `${whole ? "#!/usr/bin/env node\n" : ""}globalThis.vxlabRoot = require("node:path").join(__dirname, ${JSON.stringify(root)});`;

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

async function bundle(entry: string, out: string, form: Form): Promise<void> {
  const result = await build({
    entryPoints: [join(root, "cli", entry)],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "cjs",
    ...(form.whole ? {} : { packages: "external" }),
    // Bundled as one file instead of seventy, without its writer.
    alias: { yaml: join(root, "node_modules", "yaml", "browser", "dist", "index.js") },
    banner: { js: banner(form) },
    logLevel: "silent",
    plugins: [ownFolder],
  });
  mkdirSync(dirname(out), { recursive: true });
  // Renamed into place: another vxlab may be starting at this moment.
  const draft = `${out}.${process.pid}`;
  writeFileSync(draft, result.outputFiles[0]?.contents ?? "", { mode: form.whole ? 0o755 : 0o644 });
  renameSync(draft, out);
}

async function bundleAll(words: readonly string[]): Promise<void> {
  const [first, second] = words;
  if (first === "--package" && second !== undefined) return bundle("bin.ts", second, packaged);
  if (first === undefined || first === "--package")
    throw new Error("usage: tsx toolchain/bundle.ts [--package] OUT");
  await bundle("settings/main.ts", join(dirname(first), "settings.cjs"), checkout);
  // The CLI last: the launcher compares the age of that file with the sources.
  await bundle("start.ts", first, checkout);
}

bundleAll(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
