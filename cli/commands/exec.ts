import { CONTAINER_KINDS } from "../../components/container/kinds";
import type { ContainerPlan } from "../../plan/types";
import type { Command } from "../command";
import { stackName, stackOption } from "../args";
import { withLab } from "../access/lab";
import { shellWords } from "../../guest/quote";
import { runInTerminal } from "../access/remote";
import { containerNamed, readWords, terminalOption } from "../words";

export const exec: Command = {
  name: "exec",
  summary:
    "run a command in a container, a shell without one (its exit code is passed on; 255: no connection)",
  operands: "CONTAINER [-- COMMAND…]",
  options: stackOption,
  examples: [
    ["exec c1", "a shell"],
    ["exec c1 -- ping -c 3 10.0.3.11", "one command"],
  ],
  async run(context, args) {
    const { values, name, rest } = readWords(exec, args, stackOption);
    const stack = stackName(values.stack, context.environment);
    return withLab(context, stack, ({ lab, remote }) => {
      const container = containerNamed(lab, name);
      const terminal = terminalOption();
      return runInTerminal(context, remote, container.host, execLine(container, rest, terminal), terminal);
    });
  },
};

/** @param terminal `-t`, or nothing */
export function execLine(
  { name, kind }: Pick<ContainerPlan, "name" | "kind">,
  words: readonly string[],
  terminal: readonly string[],
): string {
  const command = words.length === 0 ? ["/bin/sh"] : words;
  return shellWords(CONTAINER_KINDS[kind].exec(name, command, terminal));
}
