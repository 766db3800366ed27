/** What every command is. A new one is a file in cli/commands/ and a line in cli/commands/index.ts. */
import type { Environment, Paths } from "../system/paths";
import type { Output } from "./output/output";

export interface Context {
  paths: Paths;
  environment: Environment;
  out: Output;
  /** All of them: one is found by its name. */
  commands: readonly Command[];
}

export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What follows the name, and the options, as `--help` shows it. */
  usage: string;
  /** Returns the exit code; see exit.ts. */
  run(context: Context, args: string[]): Promise<number>;
}
