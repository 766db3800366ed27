/**
 * Keeps the Pulumi SDK from loading and starting what no lab uses: half a second of CPU in each run (docs/measurements.md). It puts
 * modules of its own in the place of some of the SDK's, which a new version of the SDK may not allow. So one switch turns all of it
 * off (preload.cjs), and the program does the same without it.
 */
const { Module } = require("node:module");

const sdk = require.resolve("@pulumi/pulumi");
const ofSdk = (request) => require.resolve(request, { paths: [sdk] });

/** Puts a module in the place of another, before anybody requires that one. */
function stand(file, exports) {
  const placed = Object.assign(new Module(file), { filename: file, loaded: true, exports });
  require.cache[file] = placed;
  return placed;
}

/** Lazy-loads a module on the first call of one of these functions. */
function later(file, names) {
  const calls = names.map((name) => [name, (...args) => load()[name](...args)]);
  const load = loader(file, stand(file, Object.fromEntries(calls)));
}

/**
 * Lazy-loads a module on the first access to one of its exports. `__esModule` is true without loading it, so that TypeScript's
 * helpers pass the module on as it is: modules whose default export somebody imports cannot be lazy.
 *
 * @param instead functions in the place of some of its exports, each made from a function that loads the module
 */
function lazy(file, instead = {}) {
  const handler = {
    get: (_, name) => (name === "__esModule" ? true : (own[name] ?? load()[name])),
    has: (_, name) => name in load(),
    ownKeys: () => Reflect.ownKeys(load()),
    getOwnPropertyDescriptor: (_, name) => descriptor(load(), name),
  };
  const load = loader(file, stand(file, new Proxy({}, handler)));
  const own = Object.fromEntries(Object.entries(instead).map(([name, make]) => [name, make(load)]));
}

/** A Proxy may only report configurable properties for what its target does not have. */
function descriptor(exports, name) {
  const found = Object.getOwnPropertyDescriptor(exports, name);
  return found && { ...found, configurable: true };
}

function loader(file, placed) {
  return () => {
    if (require.cache[file] === placed) delete require.cache[file];
    return require(file);
  };
}

/** The SDK records a stack trace for each promise and each resource, and would translate every line of them to its own TypeScript. */
stand(ofSdk("source-map-support"), { install: () => undefined });

/** Serialising functions (for dynamic providers) needs the TypeScript compiler and npm's dependency solver. */
later(ofSdk("@pulumi/pulumi/runtime/closure/serializeClosure"), [
  "serializeFunction",
  "serializeFunctionAsync",
]);
later(ofSdk("@pulumi/pulumi/runtime/closure/codePaths"), ["computeCodePaths"]);

/** For programs that drive Pulumi. */
lazy(ofSdk("@pulumi/pulumi/automation"));
lazy(ofSdk("js-yaml"));

/**
 * The SDK sends the engine its messages for `--debug` one after the other, four for each resource: most requests of a run, and the
 * program waits for the last one. While one is under way, the next are gathered and then sent as one, a line each.
 */
lazy(ofSdk("@pulumi/pulumi/log"), { debug: gathered });

function gathered(load) {
  let waiting = [];
  let sending;
  return (message, ...about) => {
    if (about.some((one) => one !== undefined)) return load().debug(message, ...about);
    waiting.push(message);
    return (sending ??= send());
  };

  async function send() {
    const { rpcKeepAlive } = require(ofSdk("@pulumi/pulumi/runtime/settings"));
    const done = rpcKeepAlive(); // the program does not end before the last of them is sent
    while (waiting.length > 0) await load().debug(waiting.splice(0).join("\n"));
    sending = undefined;
    done();
  }
}

/**
 * To serialise functions the SDK attaches a debugger to its own process at the start, which V8 then notifies of each script that it
 * parses. Here the debugger is attached for the first function; V8 then notifies it of the earlier scripts as well.
 */
let session;
const urls = new Map();
require("node:v8").setFlagsFromString("--allow-natives-syntax"); // as the SDK does at this place
stand(ofSdk("@pulumi/pulumi/runtime/closure/v8Hooks"), {
  isInitializedAsync: () => Promise.resolve(),
  getSessionAsync: () => (session ??= debug()),
  getScriptUrl: (id) => urls.get(id),
});

async function debug() {
  const { Session } = require("node:inspector");
  const opened = new Session();
  opened.connect();
  opened.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  await new Promise((resolve, reject) => {
    opened.post("Debugger.enable", (error) => (error ? reject(error) : resolve()));
  });
  return opened;
}
