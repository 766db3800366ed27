// Starts a bundle from V8's code cache, which build.ts writes beside it: parsing and compiling half a megabyte of
// generated protobuf code is most of a plugin's start time. A different Node.js rejects the cache and compiles the
// bundle as usual.
import { readFileSync, writeFileSync } from "node:fs";
import { wrap } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";

/** The bundle's name contains a hash of its content: V8 itself compares little more than the length. */
declare const bundleName: string;

type Main = (
  exports: object,
  require: NodeJS.Require,
  module: NodeJS.Module,
  file: string,
  dir: string,
) => void;

const file = join(__dirname, `${bundleName}.js`);
const cacheFile = join(__dirname, `${bundleName}.cache`);

function cached(): Buffer | undefined {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined;
  }
}

const script = new Script(wrap(readFileSync(file, "utf8")), { filename: file, cachedData: cached() });
const main = script.runInThisContext() as Main;

if (process.env.VXLAB_WRITE_CODE_CACHE === "1") {
  // When the port is printed, everything that a start needs has been compiled.
  process.stdout.write = () => {
    writeFileSync(cacheFile, script.createCachedData());
    process.exit(0);
  };
}
main.call(module.exports, module.exports as object, require, module, file, __dirname);
