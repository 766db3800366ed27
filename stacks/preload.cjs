/**
 * Loaded before the program (Pulumi.yaml, `nodeargs`): what makes it start soon. Nothing here changes what it does.
 */
require("./compiled.cjs");
const { Module } = require("node:module");

/**
 * Node 20.20 spins for a minute in util.inspect when an error with a stack line such as `node_modules/@pulumi/output.ts`
 * is shown in colours; the SDK's source maps make exactly such lines. Without colours it does not.
 */
const util = require("node:util");
const { inspect } = util;
util.inspect = Object.assign((value, options, ...more) => {
  const plain = typeof options === "object" && options !== null ? { ...options, colors: false } : options;
  return inspect(value, plain, ...more);
}, inspect);

/**
 * The SDK takes a stack trace for every promise, and translating them to its own TypeScript costs half a second of CPU in
 * each run. sucrase keeps our line numbers as they are.
 */
const sdk = require.resolve("@pulumi/pulumi");
require(require.resolve("source-map-support", { paths: [sdk] })).install = () => undefined;

/**
 * For the same text of functions the SDK begins every run as a debugger of itself, which is told of each script that V8
 * parses. Here the debugger comes when the first function is asked for: V8 then tells of the scripts until then too, to
 * those who listen already.
 */
stand("@pulumi/pulumi/runtime/closure/v8Hooks", () => {
  let session;
  const urls = new Map();
  const open = async () => {
    const { Session } = require("node:inspector");
    const opened = new Session();
    opened.connect();
    opened.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
    await new Promise((resolve, reject) => {
      opened.post("Debugger.enable", (error) => (error ? reject(error) : resolve()));
    });
    return opened;
  };
  require("node:v8").setFlagsFromString("--allow-natives-syntax"); // as the SDK does
  return {
    isInitializedAsync: () => Promise.resolve(),
    getSessionAsync: () => (session ??= open()),
    getScriptUrl: (id) => urls.get(id),
  };
});

/**
 * The SDK's ways to turn a function into text (for functions in a cloud, and dynamic providers) bring the TypeScript
 * compiler and npm's dependency solver along, half of all that a program loads. Each is loaded when it is first called.
 */
later("@pulumi/pulumi/runtime/closure/serializeClosure", ["serializeFunction", "serializeFunctionAsync"]);
later("@pulumi/pulumi/runtime/closure/codePaths", ["computeCodePaths"]);

function later(request, names) {
  const file = require.resolve(request);
  let placed;
  const load = () => {
    if (require.cache[file] === placed) delete require.cache[file];
    return require(file);
  };
  const calls = Object.fromEntries(names.map((name) => [name, (...args) => load()[name](...args)]));
  placed = stand(request, () => calls);
}

/** A module in the place of another, before anybody requires that. */
function stand(request, make) {
  const file = require.resolve(request);
  require.cache[file] = Object.assign(new Module(file), { filename: file, loaded: true, exports: make() });
  return require.cache[file];
}
