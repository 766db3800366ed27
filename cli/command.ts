/**
 * The type of a command. A new one is a file in cli/commands/ and a line in cli/commands/index.ts: help, completion, man page and
 * docs/commands.md are made of what it says here (cli/help/).
 */
import type { Environment, Paths } from "../system/paths";
import type { Output } from "./output/output";

export interface Context {
  paths: Paths;
  environment: Environment;
  out: Output;
  /** All of them: one is found by its name. */
  commands: readonly Command[];
  /**
   * The program in `paths.root` is the user's own: Pulumi is the one on PATH, with the user's login and any backend.
   *
   * @default false: vxlab's checkout, with its own Pulumi in `.vxlab/`
   */
  plain?: boolean;
}

/** An option, as parseArgs (node:util) takes it, and what help says of it. */
export interface Option {
  type: "string" | "boolean";
  short?: string;
  multiple?: boolean;
  /** What help calls its value: STACK, FILE, SECONDS. */
  value?: string;
  /** The words that it takes. */
  choices?: readonly string[];
  doc: string;
}

export type Options = Readonly<Record<string, Option>>;

export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /**
   * What follows the name. Completion reads it: HOST and CONTAINER are completed with the lab's names; words in lower case, separated by
   * `|`, are literal. Empty: only options.
   */
  operands: string;
  options: Options;
  /** The paragraph of the help after the summary. */
  more?: string;
  /** Command lines without the `vxlab` in front, and what each does. */
  examples: readonly (readonly [line: string, what: string])[];
  /** Unknown options are passed to Pulumi. */
  passesOptions?: boolean;
  /** The command works in vxlab's checkout only. The text says what to use for another program. */
  checkoutOnly?: string;
  /** Returns the exit code; see exit.ts. */
  run(context: Context, args: string[]): Promise<number>;
}
