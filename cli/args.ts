/** Reads a command's arguments. Errors are Faults that show the usage. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Command } from "./command";
import { Exit, Fault } from "./exit";
import { synopsis } from "./help/synopsis";
import { suggestion } from "./suggest";

type Options = NonNullable<ParseArgsConfig["options"]>;

export function readArgs<T extends Options>(command: Command, args: readonly string[], options: T) {
  return parsed(command, args, options, false);
}

/** @param operands whether words that belong to no option are allowed */
export function parsed<T extends Options>(
  command: Command,
  args: readonly string[],
  options: T,
  operands: boolean,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: operands });
  } catch (error) {
    throw refused(command, error as NodeJS.ErrnoException);
  }
}

function refused(command: Command, { code, message }: NodeJS.ErrnoException): Fault {
  if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") return badUsage(command, message.split(/[.\n] ?/)[0] ?? "");
  const [, word = ""] = /'(-[^']*)'/.exec(message) ?? [];
  const known = Object.keys({ ...command.options, help: 0 }).map((name) => `--${name}`);
  const hint = suggestion(word, known) || `: see vxlab ${command.name} --help`;
  return new Fault(Exit.usage, `${command.name} has no option ${word}${hint}`);
}

export function badUsage(command: Command, message: string): Fault {
  return new Fault(Exit.usage, `${message}\nusage: ${synopsis(command)}`);
}

/** The option that most commands share. */
export const stackOption = {
  stack: {
    type: "string",
    short: "s",
    value: "STACK",
    doc: "the stack to work on (default: $VXLAB_STACK, else lab)",
  },
} as const;

export const jsonOption = { json: { type: "boolean", doc: "print JSON for programs" } } as const;

/** Pulumi's own rule for the parts of a stack's name (sdk/go/common/tokens/names.go). */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$/;

export function stackName(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const name = given ?? environment["VXLAB_STACK"] ?? "lab";
  const parts = name.split("/");
  if (parts.length > 3 || !parts.every((part) => NAME.test(part)))
    throw new Fault(
      Exit.usage,
      `"${name}" is not a stack name: use letters, digits and _ . -, or ORG/PROJECT/STACK`,
    );
  return name;
}
