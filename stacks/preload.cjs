/**
 * Loaded before the program (Pulumi.yaml, `nodeargs`): what makes it start soon. Nothing here changes what it does.
 */
require("./compiled.cjs");
const { later, lazy, stand } = require("./late.cjs");

const sdk = require.resolve("@pulumi/pulumi");
const ofSdk = (request) => require.resolve(request, { paths: [sdk] });

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
stand(ofSdk("source-map-support"), { install: () => undefined });

/**
 * The SDK's ways to turn a function into text (for functions in a cloud, and dynamic providers) bring the TypeScript
 * compiler and npm's dependency solver along, half of all that a program loads.
 */
later(ofSdk("@pulumi/pulumi/runtime/closure/serializeClosure"), [
  "serializeFunction",
  "serializeFunctionAsync",
]);
later(ofSdk("@pulumi/pulumi/runtime/closure/codePaths"), ["computeCodePaths"]);

/** For programs that drive Pulumi itself, and for messages in other languages. */
lazy(ofSdk("@pulumi/pulumi/automation"));
lazy(ofSdk("js-yaml"));
lazy(require.resolve("zod/v4/locales"));

/** For a run with `--tracing`. */
lazy(ofSdk("@opentelemetry/resources"));
lazy(ofSdk("@opentelemetry/sdk-trace-base"));
lazy(ofSdk("@opentelemetry/sdk-trace-node"));
lazy(ofSdk("@opentelemetry/exporter-zipkin"));
lazy(ofSdk("@opentelemetry/instrumentation"));
lazy(ofSdk("@opentelemetry/instrumentation-grpc"));

/**
 * Each promise of the SDK gets the stack where it was made, as a text, which is shown of promises that never end when
 * PULUMI_DEBUG_PROMISE_LEAKS asks for it. There are some hundreds in a run.
 */
lazy(ofSdk("@pulumi/pulumi/runtime/debuggable"), {
  debuggablePromise: (load) => (promise, context) => {
    const { debugPromiseLeaks, debuggablePromise } = load();
    if (debugPromiseLeaks) return debuggablePromise(promise, context);
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  },
});

/**
 * The SDK tells the engine each of its steps, for `--debug`: four requests for each resource, more than all others. While
 * one is on its way the next messages are gathered, and then go as one, a line each.
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
    const done = rpcKeepAlive(); // the program does not end before the last of them has gone
    while (waiting.length > 0) await load().debug(waiting.splice(0).join("\n"));
    sending = undefined;
    done();
  }
}

/**
 * Also for the text of functions the SDK begins every run as a debugger of itself, which is told of each script that V8
 * parses. Here the debugger comes when the first function is asked for: V8 then tells of the scripts until then too, to
 * those who listen already.
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
