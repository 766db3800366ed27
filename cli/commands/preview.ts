import { mkdirSync } from "node:fs";
import { wasInterrupted } from "../../system/signals";
import type { Command, Context } from "../command";
import { runPulumi } from "../engine/run";
import { eventLog, Progress } from "../engine/events";
import type { EventLog } from "../engine/events";
import { Exit } from "../exit";
import { ready, sayHints, startLibvirt } from "../engine/ready";
import { deployOrder, stacksNamed, stacksOption } from "../state/roles";
import { selectStack } from "../state/stack";

export const preview: Command = {
  name: "preview",
  summary: "show what `up` would change, and change nothing",
  operands: "[OPTIONS OF PULUMI PREVIEW]",
  options: stacksOption,
  passesOptions: true,
  checkoutOnly: "run pulumi preview",
  examples: [
    ["preview", "what up would do"],
    ["preview --diff", "every property that changes"],
  ],
  async run(context, args) {
    const { given, passed } = split(args);
    const stacks = deployOrder(context, stacksNamed(context, given));
    let worst: number = Exit.ok;
    for (const stack of stacks) {
      if (stacks.length > 1) context.out.line(`\nstack ${stack}:`);
      const code = await show(context, stack, [...(given.length === 0 ? [] : ["--stack", stack]), ...passed]);
      if (wasInterrupted(code)) return code;
      worst = Math.max(worst, code);
    }
    return worst;
  },
};

/** The stacks that are named, and what is Pulumi's. */
export function split(args: readonly string[]): { given: string[]; passed: string[] } {
  const words = args.flatMap((word) => (word.startsWith("--stack=") ? word.split(/=(.*)/s, 2) : [word]));
  const isFlag = (word: string | undefined): boolean => word === "-s" || word === "--stack";
  return {
    given: words.filter((_, i) => isFlag(words[i - 1])),
    passed: words.filter((word, i) => !isFlag(word) && !isFlag(words[i - 1])),
  };
}

async function show(context: Context, stack: string, args: readonly string[]): Promise<number> {
  const { paths } = context;
  sayHints(context, stack);
  await ready(context, stack);
  await selectStack(context, stack);
  const { environment } = await startLibvirt(context, stack);
  mkdirSync(paths.logs, { recursive: true });
  const events = eventLog(paths.logs);
  const words = ["preview", "--event-log", events.path, ...args];
  const env = { ...environment, PULUMI_DEBUG_COMMANDS: "true" };
  const ending = await runPulumi(paths, words, { env, stdio: "inherit" });
  const { code, bad } = judged(events, ending.code);
  events.close();
  if (code === 0) return Exit.ok;
  if (ending.killedBy !== undefined) context.out.line(`${ending.killedBy} ended Pulumi`);
  return bad ? Exit.usage : wasInterrupted(code) || ending.killedBy !== undefined ? code : Exit.failed;
}

/** Bad when the lab's settings were refused: Pulumi has one exit code for everything. */
function judged(events: EventLog, code: number): { code: number; bad: boolean } {
  const progress = new Progress(
    () => undefined,
    () => undefined,
  );
  events.read().forEach((event) => progress.take(event));
  const bad = progress.errors.some((error) => error.includes("The lab's settings have"));
  return { code: progress.endCode(code), bad };
}
