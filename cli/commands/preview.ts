import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { wasInterrupted } from "../../system/signals";
import type { Changes } from "../changes/changes";
import { changesOf } from "../changes/changes";
import { briefDiff } from "../changes/brief-diff";
import { editsOf } from "../changes/edits";
import { changesText } from "../changes/text";
import type { Command, Context } from "../command";
import { change, failure, refused } from "../engine/engine";
import { runPulumi } from "../engine/run";
import { eventLog, Progress } from "../engine/events";
import type { EngineEvent } from "../engine/events";
import { looking, machineChanges, sayUnknown } from "../engine/repair";
import type { Look } from "../access/look";
import { Exit } from "../exit";
import { wantsColour } from "../output/report";
import { ready, sayHints, startLibvirt } from "../engine/ready";
import { deployOrder, stacksNamed, stacksOption } from "../state/roles";
import { selectStack } from "../state/stack";

const options = {
  ...stacksOption,
  json: {
    type: "boolean",
    doc: "print the changes as JSON; several stacks: an array of { stack, … }",
  },
  outputs: { type: "boolean", doc: "show the stack's outputs too" },
  "no-drift": { type: "boolean", doc: "do not look at the hosts" },
} as const;

export const preview: Command = {
  name: "preview",
  summary: "show what `up` would change, and change nothing",
  operands: "[OPTIONS OF PULUMI PREVIEW]",
  options,
  passesOptions: true,
  checkoutOnly: "run pulumi preview",
  more:
    "The last lines name each change: + new, ~ changed, - removed, ! recreated (with the reason and what is lost), * changed by hand. " +
    "With --diff, Pulumi's list before them has every property that changes; .vxlab/log/preview.log has the other properties too. " +
    "If settings are wrong, it prints only the problems; vxlab --verbose preview prints Pulumi's list too.",
  examples: [
    ["preview", "what up would do"],
    ["preview --diff", "every property that changes"],
    ["preview --json", "for programs"],
  ],
  async run(context, args) {
    const asked = split(args);
    const stacks = deployOrder(context, stacksNamed(context, asked.given));
    return asked.json ? printJson(context, stacks, asked) : showAll(context, stacks, asked);
  },
};

interface Asked {
  /** The stacks that are named. */
  given: string[];
  json: boolean;
  /** Look at the hosts. */
  drift: boolean;
  /** Options for Pulumi. */
  passed: string[];
}

export function split(args: readonly string[]): Asked {
  const words = args.flatMap((word) => (word.startsWith("--stack=") ? word.split(/=(.*)/s, 2) : [word]));
  const isFlag = (word: string | undefined): boolean => word === "-s" || word === "--stack";
  const rest = words.filter((word, i) => !isFlag(word) && !isFlag(words[i - 1]));
  const own = ["--json", "-j", "--outputs", "--no-drift"];
  return {
    given: words.filter((_, i) => isFlag(words[i - 1])),
    json: rest.some((word) => word === "--json" || word === "-j"),
    drift: !rest.includes("--no-drift"),
    passed: [
      ...(rest.includes("--outputs") ? [] : ["--suppress-outputs"]),
      ...rest.filter((word) => !own.includes(word)),
    ],
  };
}

/** With several stacks, prints the changes in words last and together, since Pulumi's lists are long. */
async function showAll(
  context: Context,
  stacks: readonly string[],
  { given, passed, drift }: Asked,
): Promise<number> {
  const several = stacks.length > 1;
  const told: string[] = [];
  let worst: number = Exit.ok;
  for (const stack of stacks) {
    const words = [...(given.length === 0 ? [] : ["--stack", stack]), ...passed];
    const environment = await prepared(context, stack);
    // Pulumi's list names the stack, its diff does not.
    if (several && words.includes("--diff")) context.out.print(`stack ${stack}:`);
    const { code, text } = await looking({ ...context, environment }, stack, drift, (env, look) =>
      show({ ...context, environment: env }, words, look),
    );
    const said = text ?? "no preview, see above";
    if (several) told.push(`stack ${stack}:${text === undefined ? " " : "\n"}${said}\n`);
    else if (text !== undefined) context.out.print(text);
    worst = Math.max(worst, code);
    if (wasInterrupted(code)) break;
  }
  if (several) context.out.print(`\n${told.join("\n")}`.trimEnd());
  return worst;
}

interface Shown {
  code: number;
  /** The changes in words; absent where the preview failed. */
  text?: string;
}

async function show(
  context: Context,
  args: readonly string[],
  looked: () => Promise<Look | undefined>,
): Promise<Shown> {
  const { paths, out, environment } = context;
  mkdirSync(paths.logs, { recursive: true });
  const log = eventLog(paths.logs);
  const env = { ...environment, PULUMI_DEBUG_COMMANDS: "true" };
  const { ending, text, path } = await list(
    context,
    ["preview", "--suppress-progress", "--event-log", log.path, ...args],
    env,
  );
  const events = log.read();
  log.close();
  const { code, bad, unchanged, errors } = judged(events, ending.code);
  if (text !== "" && (!bad || out.verbose))
    out.print((args.includes("--diff") ? briefDiff(text) : text).trimEnd() + "\n");
  if (code === 0) {
    const look = await looked();
    const changes = [...machineChanges(look), ...changesOf(editsOf(events))];
    sayUnknown(context, look);
    return { code: Exit.ok, text: changesText({ changes, unchanged }, hasColour()) };
  }
  if (bad) return { code: failure(context, { ...ending, code, errors, steps: [], log: path }) };
  if (ending.killedBy !== undefined) out.line(`${ending.killedBy} ended Pulumi`);
  return { code: wasInterrupted(code) || ending.killedBy !== undefined ? code : Exit.failed };
}

const hasColour = (): boolean => wantsColour(process.stdout.isTTY, process.env);

/** Pulumi's own list or diff. When the settings were refused, only the problems are shown. */
async function list(context: Context, words: string[], env: Context["environment"]) {
  const { paths, out } = context;
  const path = join(paths.logs, "preview.log");
  const file = openSync(path, "w");
  const colour = words.some((word) => word.startsWith("--color"))
    ? []
    : ["--color", hasColour() ? "always" : "never"];
  const stdio = ["inherit", file, "inherit"] as const;
  const ending = await out
    .wait("pulumi preview", () => runPulumi(paths, [...words, ...colour], { env, stdio: [...stdio] }))
    .finally(() => closeSync(file));
  return { ending, text: readFileSync(path, "utf8"), path };
}

async function printJson(
  context: Context,
  stacks: readonly string[],
  { passed, drift }: Asked,
): Promise<number> {
  const found: (Changes & { stack: string; unknown?: Look["unknown"] })[] = [];
  for (const stack of stacks) {
    const environment = await prepared(context, stack);
    const on = { ...context, environment };
    const [outcome, look] = await looking(on, stack, drift, async (env, looked) => {
      const ended = await change({ ...context, environment: env }, "preview", stack, passed);
      return [ended, ended.code === 0 ? await looked() : undefined] as const;
    });
    if (outcome.code !== 0) {
      if (stacks.length > 1) context.out.line(`\nstack ${stack}:`);
      return failure(context, outcome);
    }
    const changes = [...machineChanges(look), ...changesOf(outcome.edits)];
    const unknown = look === undefined || look.unknown.length === 0 ? {} : { unknown: look.unknown };
    found.push({ stack, changes, unchanged: outcome.changes["same"] ?? 0, ...unknown });
  }
  const [only] = found;
  context.out.json(found.length === 1 && only !== undefined ? { ...only, stack: undefined } : found);
  return Exit.ok;
}

async function prepared(context: Context, stack: string): Promise<Context["environment"]> {
  sayHints(context, stack);
  await ready(context, stack);
  await selectStack(context, stack);
  return (await startLibvirt(context, stack)).environment;
}

/** Bad when the lab's settings were refused: Pulumi has one exit code for everything. */
function judged(events: readonly EngineEvent[], code: number) {
  const progress = new Progress(
    () => undefined,
    () => undefined,
  );
  events.forEach((event) => progress.take(event));
  const { errors, changes } = progress;
  return { code: progress.endCode(code), bad: refused(errors), unchanged: changes["same"] ?? 0, errors };
}
