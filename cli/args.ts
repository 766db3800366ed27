/** Reads a command's arguments. Errors are Faults that show the usage. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Command } from "./command";
import { Exit, Fault } from "./exit";

type Options = NonNullable<ParseArgsConfig["options"]>;

export function readArgs<T extends Options>(command: Command, args: string[], options: T) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false });
  } catch (error) {
    throw badUsage(command, (error as Error).message);
  }
}

export function badUsage(command: Command, message: string): Fault {
  return new Fault(Exit.usage, `${message}\nusage: vxlab ${command.name} ${command.usage}`);
}

/** The option that most commands share. */
export const stackOption = { stack: { type: "string", short: "s" } } as const;

export function stackName(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const name = given ?? environment["VXLAB_STACK"] ?? "lab";
  // Pulumi's own rule for stack names (sdk/go/common/tokens/names.go).
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(name))
    throw new Fault(Exit.usage, `"${name}" is not a stack name: use letters, digits and _ . -`);
  return name;
}
