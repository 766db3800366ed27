/** Options of every command: before its name, or after it where Pulumi does not take the options. Pure. */
import { parseArgs } from "node:util";
import type { Options } from "../command";

export const globalOptions = {
  directory: {
    type: "string",
    short: "C",
    value: "DIR",
    doc: "work on the Pulumi program in DIR with the Pulumi on PATH, its login and any backend",
  },
  stack: { type: "string", short: "s", value: "STACK", doc: "the same as -s after the command" },
  quiet: { type: "boolean", short: "q", doc: "print results, warnings and errors only, no progress" },
  verbose: { type: "boolean", doc: "print every program that is run, and where an error came from" },
  version: { type: "boolean", doc: "print the version" },
  help: { type: "boolean", short: "h", doc: "print this help, or the command's" },
} as const satisfies Options;

export interface Line {
  /** Options before the command. */
  globals: { directory?: string; stack?: string; quiet?: boolean; verbose?: boolean; version?: boolean };
  help: boolean;
  name: string | undefined;
  rest: string[];
}

/** Splits a command line at the command's name. @throws what parseArgs throws */
export function readLine(args: readonly string[]): Line {
  const { tokens } = parseArgs({
    args: [...args],
    options: globalOptions,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const at = tokens.find(({ kind }) => kind === "positional")?.index ?? args.length;
  const { values } = parseArgs({ args: args.slice(0, at), options: globalOptions, strict: true });
  const { help = false, ...globals } = values;
  return { globals, help, name: args[at], rest: args.slice(at + 1) };
}

/** Takes the switches out that every command has, up to `--`. */
export function withoutSwitches(rest: readonly string[]): {
  switches: Line["globals"];
  help: boolean;
  rest: string[];
} {
  const end = rest.includes("--") ? rest.indexOf("--") : rest.length;
  const own = rest.slice(0, end);
  const has = (...words: string[]): boolean => own.some((word) => words.includes(word));
  return {
    switches: { quiet: has("-q", "--quiet"), verbose: has("--verbose") },
    help: has("-h", "--help"),
    rest: [...own.filter((word) => !["-q", "--quiet", "--verbose"].includes(word)), ...rest.slice(end)],
  };
}
