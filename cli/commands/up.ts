import { parseArgs } from "node:util";
import type { Command, Context } from "../command";
import { readArgs, stackName, stackOption } from "../lib/args";
import { change, failure, summary } from "../lib/engine";
import { Exit } from "../lib/exit";
import { alone } from "../lib/guard";
import { provideImage } from "../lib/image";
import { stopped } from "../lib/machine";
import { libvirtMode, ready, startLibvirt, virshUri } from "../lib/ready";
import { clearDeadLocks, forgetPending } from "../lib/interrupted";
import { labIds, noteLabs, resources, selectStack } from "../lib/stack";

const options = { ...stackOption, "no-verify": { type: "boolean" } } as const;

export const up: Command = {
  name: "up",
  summary: "set up what is missing, deploy the lab, prove that it works",
  usage: "[-s STACK] [--no-verify] [-- OPTIONS OF PULUMI UP]",
  async run(context, args) {
    const { own, passed } = split(args);
    const { values } = readArgs(up, own, options);
    const stack = stackName(values.stack, context.environment);
    const code = await alone(context, "run this again", () => deploy(context, stack, passed));
    if (code !== Exit.ok || values["no-verify"] === true) return code;
    const verify = context.commands.find((command) => command.name === "verify");
    return verify === undefined
      ? code
      : verify.run(context, values.stack === undefined ? [] : ["--stack", stack]);
  },
};

async function deploy(context: Context, stack: string, more: string[]): Promise<number> {
  await ready(context, stack);
  await selectStack(context, stack);
  await clearDeadLocks(context, stack);
  await forgetPending(context, stack);
  await provideImage(context, stack);
  const uri = await startLibvirt(context, stack);
  context.out.line(`libvirt: ${await libvirtMode(context, stack)}, ${uri}`);
  const outcome = await change(context, "up", stack, [...(await refreshing(context, stack)), ...more]);
  await noteLabs(context, stack);
  if (outcome.code !== 0) return failure(context, outcome);
  context.out.line(`stack ${stack}: ${summary(outcome.changes)}`);
  return Exit.ok;
}

/** The state says that machines run which this machine's reboot, or a hand, has stopped: a refresh finds that out. */
async function refreshing(context: Context, stack: string): Promise<string[]> {
  const off = await stopped(await virshUri(context, stack), labIds(await resources(context, stack)));
  if (off.length > 0) context.out.line(`these machines are off and will be started: ${off.join(", ")}`);
  return off.length > 0 ? ["--refresh"] : [];
}

/** What follows `--` is Pulumi's. */
export function split(args: readonly string[]): { own: string[]; passed: string[] } {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const end = tokens.find((token) => token.kind === "option-terminator");
  return end === undefined
    ? { own: [...args], passed: [] }
    : { own: args.slice(0, end.index), passed: args.slice(end.index + 1) };
}
