import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pulumiWrapper } from "../../toolchain/paths";
import { attached } from "../../toolchain/process";
import type { Command } from "../command";
import { stackName } from "../lib/args";
import { eventLog, follow, Progress } from "../lib/events";
import { Exit } from "../lib/exit";
import { ready } from "../lib/ready";
import { selectStack } from "../lib/stack";

export const preview: Command = {
  name: "preview",
  summary: "show what `up` would change, and change nothing",
  usage: "[OPTIONS OF PULUMI PREVIEW, such as --diff]",
  async run(context, args) {
    const { paths, environment } = context;
    const at = args.findIndex((word) => word === "-s" || word === "--stack");
    const stack = stackName(at < 0 ? undefined : args[at + 1], environment);
    await ready(context, stack);
    await selectStack(context, stack);
    const events = join(paths.logs, "preview.events");
    mkdirSync(paths.logs, { recursive: true });
    eventLog(events);
    const words = ["preview", ...(at < 0 ? ["--stack", stack] : []), "--event-log", events, ...args];
    const env = { ...environment, PULUMI_DEBUG_COMMANDS: "true" };
    const code = await attached(pulumiWrapper(paths), words, { cwd: paths.root, env });
    const bad = refused(events);
    rmSync(events, { force: true });
    if (code === 0) return Exit.ok;
    return bad ? Exit.usage : code === 130 ? code : Exit.failed;
  },
};

/** True when the lab's settings were refused: Pulumi has one exit code for everything. */
function refused(events: string): boolean {
  const progress = new Progress(
    () => undefined,
    () => undefined,
  );
  const source = follow(events);
  source.read().forEach((event) => progress.take(event));
  source.close();
  return progress.errors.some((error) => error.includes("The lab's settings have"));
}
