/** Finds the command, runs it, and turns its end into an exit code. */
import { Missing } from "../system/reporter";
import type { Context } from "./command";
import { commands } from "./commands";
import { Exit, exitCodes, Fault, passedOn } from "./exit";
import type { Output } from "./output/output";
import { table } from "./output/output";

export function usage(): string {
  const lines = [
    "vxlab: VXLAN labs on virtual machines, in one command",
    "",
    "usage: vxlab COMMAND [OPTIONS]      vxlab COMMAND --help",
    "",
    table(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    "",
    "exit codes:",
    table(exitCodes.map(([code, meaning]) => [`  ${code}`, meaning])),
    `  ${passedOn}`,
    "",
    "environment:",
    table([
      ["  VXLAB_STACK", "the stack to work on (lab)"],
      ["  VXLAB_CACHE", "where built tools and images are kept ($XDG_CACHE_HOME/vxlab, else ~/.cache/vxlab)"],
      ["  VXLAB_LIBVIRT_URI", "the libvirt to use (a service on this machine, else one of the lab's own)"],
      ["  VXLAB_NO_VENDOR", "1: do not ask for the vendor's downloads"],
    ]),
  ];
  return lines.join("\n");
}

export async function main(args: readonly string[], context: Context): Promise<number> {
  const [name, ...rest] = args;
  const { out } = context;
  if (name === undefined || ["help", "--help", "-h"].includes(name)) {
    out.print(usage());
    return Exit.ok;
  }
  const command = context.commands.find((one) => one.name === name);
  if (command === undefined) {
    out.line(`there is no command "${name}"\n\n${usage()}`);
    return Exit.usage;
  }
  const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (command.name !== "pulumi" && own.some((word) => word === "--help" || word === "-h")) {
    out.print(`vxlab ${command.name} ${command.usage}\n\n${command.summary}`);
    return Exit.ok;
  }
  try {
    return await command.run(context, rest);
  } catch (error) {
    return failure(error, out);
  }
}

function failure(error: unknown, out: Output): number {
  const expected = error instanceof Fault || error instanceof Missing;
  const detail =
    expected || process.env["VXLAB_DEBUG"] === undefined ? (error as Error).message : (error as Error).stack;
  out.line(`vxlab: ${detail}`);
  if (error instanceof Fault) return error.code;
  return error instanceof Missing ? Exit.missing : Exit.failed;
}
