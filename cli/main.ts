/** Finds the command, runs it, and turns its end into an exit code. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { version } from "../package.json";
import { pathsOf } from "../system/paths";
import { trace } from "../system/process";
import { Missing } from "../system/reporter";
import type { Command, Context } from "./command";
import { Exit, Fault } from "./exit";
import { globalOptions, readLine, withoutSwitches, type Line } from "./help/globals";
import { helpOf, usage } from "./help/text";
import type { Output } from "./output/output";
import { selectedStack } from "./state/stack";
import { suggestion } from "./suggest";

export async function main(args: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    return failure(error, context.out);
  }
}

function dispatch(args: readonly string[], context: Context): number | Promise<number> {
  const { out, commands } = context;
  const { globals, help, name, rest } = lineOf(args);
  apply(globals, out);
  if (globals.version === true) return printed(out, `vxlab ${version}`);
  const asked = name === "help" ? rest[0] : name;
  if (asked === undefined || (help && name === undefined)) return printed(out, usage(commands));
  const command = commandNamed(asked, commands);
  const own =
    command.passesOptions === true ? { ...withoutSwitches(rest), switches: {}, rest } : withoutSwitches(rest);
  apply(own.switches, out);
  if (name === "help" || help || (own.help && command.name !== "pulumi"))
    return printed(out, helpOf(command));
  const here = globals.directory === undefined ? context : programAt(context, globals.directory);
  if (here.plain === true && command.checkoutOnly !== undefined)
    throw new Fault(
      Exit.usage,
      `${command.name} works in vxlab's own checkout only: ${command.checkoutOnly}`,
    );
  return started(here, command, globals.stack === undefined ? own.rest : ["-s", globals.stack, ...own.rest]);
}

/** In a program of the user's, the default stack is the selected one. */
async function started(context: Context, command: Command, args: string[]): Promise<number> {
  const { environment, plain = false, paths } = context;
  if (!plain || command.options["stack"] === undefined) return command.run(context, args);
  if (!["yaml", "yml"].some((ending) => existsSync(join(paths.root, `Pulumi.${ending}`))))
    throw new Fault(
      Exit.usage,
      `${paths.root} has no Pulumi.yaml: name the folder of a Pulumi program with -C`,
    );
  const named = environment["VXLAB_STACK"] !== undefined || args.some((word) => /^(-s|--stack)/.test(word));
  const stack = named ? {} : { VXLAB_STACK: await selectedStack(context) };
  return command.run({ ...context, environment: { ...environment, ...stack } }, args);
}

function lineOf(args: readonly string[]): Line {
  try {
    return readLine(args);
  } catch (error) {
    const [, word = ""] = /'(-[^']*)'/.exec((error as Error).message) ?? [];
    const hint = suggestion(
      word,
      Object.keys(globalOptions).map((one) => `--${one}`),
    );
    throw new Fault(Exit.usage, `no option ${word} before a command${hint || ": see vxlab --help"}`);
  }
}

function commandNamed(name: string, commands: readonly Command[]): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const known = commands.map((one) => one.name);
  throw new Fault(
    Exit.usage,
    `there is no command "${name}"${suggestion(name, known) || ": see vxlab --help"}`,
  );
}

function apply({ quiet, verbose }: Line["globals"], out: Output): void {
  if (quiet === true) out.progress = false;
  if (verbose !== true) return;
  out.verbose = true;
  trace.say = (line) => out.detail(`+ ${line}`);
}

function printed(out: Output, text: string): number {
  out.print(text);
  return Exit.ok;
}

/** The same, for the Pulumi program in a folder. */
function programAt(context: Context, folder: string): Context {
  const root = resolve(folder);
  if (!existsSync(root)) throw new Fault(Exit.usage, `there is no folder ${root}`);
  return { ...context, paths: pathsOf(root, context.environment), plain: true };
}

function failure(error: unknown, out: Output): number {
  const expected = error instanceof Fault || error instanceof Missing;
  out.line(`vxlab: ${expected || !out.verbose ? (error as Error).message : (error as Error).stack}`);
  if (error instanceof Fault) return error.code;
  return error instanceof Missing ? Exit.missing : Exit.failed;
}
