import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Command, Context } from "../command";
import { badUsage, readArgs, stackName } from "../args";
import { Exit } from "../exit";
import { buildImage } from "../engine/image";
import { hasImage, ready } from "../engine/ready";
import { batches, checks, long, suite, suites, type Stage, type Tally } from "./test-stages";

const options = {
  only: {
    type: "string",
    multiple: true,
    value: "NAME",
    doc: `${[...checks, ...suites].map(({ name }) => name).join(", ")}, or a folder of test/`,
  },
  long: {
    type: "boolean",
    doc: "the long tests instead: a hundred interruptions, ten of each fault that a lab survives (hours)",
  },
} as const;

export const test: Command = {
  name: "test",
  summary: "run every test, the real machines included",
  operands: "",
  options,
  checkoutOnly: "its tests are vxlab's own",
  examples: [
    ["test", "all of them"],
    ["test --only unit --only lint", "two stages"],
    ["test --long", "interruptions, and the table of docs/reliability.md"],
  ],
  async run(context, args) {
    const { values } = readArgs(test, args, options);
    const stages = values.long === true ? [long] : choose(context, values.only ?? []);
    await setUp(context, stages);
    const total = { passed: 0, failed: 0 };
    const times: string[] = [];
    const failures: string[] = [];
    for (const batch of batches(stages)) {
      context.out.print(`\n== ${batch.map(({ name }) => name).join(", ")}`);
      for (const { tally, line } of await Promise.all(batch.map((stage) => timed(context, stage)))) {
        total.passed += tally.passed;
        total.failed += tally.failed;
        times.push(line);
        failures.push(...tally.failures);
        context.out.print(line);
      }
    }
    if (failures.length > 0) context.out.print(`\n== failed\n${failures.join("\n")}`);
    context.out.print(`\n${times.join("\n")}\n\n${words(total)}`);
    return total.failed === 0 ? Exit.ok : Exit.failed;
  },
};

async function timed(context: Context, stage: Stage): Promise<{ tally: Tally; line: string }> {
  const started = Date.now();
  const tally = await stage.run(context);
  const verdict = tally.failed === 0 ? "ok    " : "FAILED";
  return { tally, line: `${verdict} ${stage.name}: ${words(tally)} (${seconds(started)} s)` };
}

const words = ({ passed, failed }: Pick<Tally, "passed" | "failed">): string =>
  `${passed} passed, ${failed} failed`;
const seconds = (started: number): string => ((Date.now() - started) / 1000).toFixed(1);

function choose({ paths }: Context, only: readonly string[]): Stage[] {
  const all = [...checks, ...suites];
  if (only.length === 0) return all;
  return only.map((name) => {
    const stage = all.find((candidate) => candidate.name === name);
    if (stage !== undefined) return stage;
    const folder = join("test", name);
    if (/^[\w-]+$/.test(name) && existsSync(join(paths.root, folder))) return suite(name, "unit", folder);
    const folders = readdirSync(join(paths.root, "test")).join(", ");
    throw badUsage(test, `"${name}" is neither a stage nor a folder in test/ (${folders})`);
  });
}

/**
 * Sets up what the stages need. Test labs have a libvirt and settings of their own, so they need vxlab's images whatever the stack
 * uses.
 */
async function setUp(context: Context, stages: readonly Stage[]): Promise<void> {
  const stack = stackName(undefined, context.environment);
  await ready(context, stack, ["test", "embedded", ...(hasImage(context) ? [] : (["image"] as const))]);
  if (stages.some((stage) => stage.heavy)) await buildImage(context, "golden");
  if (stages.some(({ name }) => name === "lab" || name === "long")) await buildImage(context, "docker");
}
