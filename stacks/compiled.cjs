/**
 * The program's modules, kept compiled in .vxlab/: sucrase turns the project's own TypeScript into JavaScript as it is
 * required, V8 turns that and the packages into code, and every run would do both anew.
 *
 * Each file is read and its content hashed all the same, so that an edit is always seen. What another version of node
 * or sucrase has kept, or a damaged file, counts for nothing: everything is then compiled, and kept, again.
 */
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { Module, wrap } = require("node:module");
const { dirname, join } = require("node:path");
const v8 = require("node:v8");
const { Script } = require("node:vm");

const folder = join(__dirname, "..", ".vxlab", "compiled");
const file = join(folder, "program");
const versions = [process.version, process.arch, require("sucrase/package.json").version].join(" ");

/** By file: the hash of what it was made from, and the JavaScript or the code that was made. */
const kept = { js: new Map(), code: new Map(), ...load() };
/** The scripts of this run, by file. */
const scripts = new Map();
let changed = false;

function load() {
  try {
    const read = v8.deserialize(readFileSync(file));
    return read.versions === versions ? read.kept : {};
  } catch {
    return {};
  }
}

/** At the end, when V8 has compiled every function that a run needs. */
function save() {
  if (!changed) return;
  for (const [name, { hash, script }] of scripts) {
    kept.code.set(name, { hash, made: script.createCachedData() });
  }
  try {
    mkdirSync(folder, { recursive: true });
    // Renamed into place: another run may be reading it at this moment.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, v8.serialize({ versions, kept }));
    renameSync(draft, file);
  } catch {
    // It cannot be written to: the next run takes as long as this one.
  }
}

const hashOf = (content) => createHash("sha256").update(content).digest("base64");

function madeFrom(hash, entry) {
  return entry?.hash === hash ? entry.made : undefined;
}

Module._extensions[".ts"] = (module, name) => {
  const source = readFileSync(name, "utf8");
  const hash = hashOf(source);
  let js = madeFrom(hash, kept.js.get(name));
  if (js === undefined) {
    const options = { filePath: name, transforms: ["imports", "typescript"] };
    js = require("sucrase").transform(source, options).code;
    kept.js.set(name, { hash, made: js });
    changed = true;
  }
  module._compile(js, name);
};

/** What Module.prototype._compile does, with code that is there already. */
function compile(content, name) {
  // In a script of one's own import() is experimental yet, and says so on the screen.
  if (/\bimport\s*\(/.test(content)) return compileAsEver.call(this, content, name);
  const hash = hashOf(content);
  const cachedData = madeFrom(hash, kept.code.get(name));
  const script = new Script(wrap(content), { filename: name, cachedData });
  scripts.set(name, { hash, script });
  changed ||= cachedData === undefined || script.cachedDataRejected;
  const required = (request) => this.require(request);
  required.resolve = (request, options) => Module._resolveFilename(request, this, false, options);
  required.resolve.paths = (request) => Module._resolveLookupPaths(request, this);
  required.main = process.mainModule;
  required.extensions = Module._extensions;
  required.cache = Module._cache;
  return script.runInThisContext().call(this.exports, this.exports, required, this, name, dirname(name));
}

const compileAsEver = Module.prototype._compile;
if (Module.enableCompileCache !== undefined) {
  Module.enableCompileCache(folder); // from node 22.1 on
} else {
  // The SDK sets this flag a little later, and V8 takes no code that was made under other flags.
  v8.setFlagsFromString("--allow-natives-syntax");
  Module.prototype._compile = compile;
}
process.on("exit", save);
