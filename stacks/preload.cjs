/**
 * Loaded before the program (Pulumi.yaml, `nodeargs`).
 *
 * sucrase turns the project's TypeScript into JavaScript as it is required, and nothing else: tsx looks into every file of
 * node_modules too, which doubles the time that @pulumi/pulumi takes to load. Types are `npx tsc --noEmit`'s work.
 */
require("sucrase/register/ts");

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
