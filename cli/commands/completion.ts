import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabOutput } from "../../plan/contract";
import { badUsage, stackName } from "../args";
import type { Command, Context } from "../command";
import { Exit } from "../exit";
import { candidates, type Names } from "../help/candidates";
import { labOfState } from "../state/lab";
import { stateInFile } from "../state/stack";

const SHELLS = ["bash", "zsh", "fish"];

export const completion: Command = {
  name: "completion",
  summary: "print the completion script of a shell",
  operands: SHELLS.join("|"),
  options: {},
  more: "The script asks vxlab itself at each Tab. The names of hosts and containers come from the checkout's state file.",
  examples: [
    ["completion bash > ~/.vxlab-completion; . ~/.vxlab-completion", "bash"],
    ["completion fish | source", "fish"],
  ],
  run(context, args) {
    const [shell = "", ...rest] = args;
    if (shell === "words" && rest[0] === "--") {
      const found = candidates(context.commands, rest.slice(1), () => namesOf(context));
      if (found.length > 0) context.out.print(found.map((one) => one.join("\t")).join("\n"));
    } else if (SHELLS.includes(shell) && rest.length === 0) {
      context.out.print(readFileSync(join(__dirname, "..", "help", `completion.${shell}`), "utf8").trimEnd());
    } else throw badUsage(completion, `name a shell: ${SHELLS.join(", ")}`);
    return Promise.resolve(Exit.ok);
  },
};

/** Reads files only, so that a Tab does not wait for Pulumi. */
function namesOf(context: Context): Names {
  const { root } = context.paths;
  const files = existsSync(root) ? readdirSync(root) : [];
  const stacks = files.flatMap((file) => /^Pulumi\.(.+)\.ya?ml$/.exec(file)?.[1] ?? []);
  const { hosts, containers } = labIn(context) ?? { hosts: [], containers: [] };
  return { stacks, hosts: hosts.map(({ name }) => name), containers: containers.map(({ name }) => name) };
}

function labIn(context: Context): LabOutput | undefined {
  try {
    const stack = stackName(undefined, context.environment);
    const state = stateInFile(context, stack);
    return state === undefined ? undefined : labOfState(state, stack);
  } catch {
    return undefined; // no lab: nothing to complete
  }
}
