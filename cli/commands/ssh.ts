import type { Command } from "../command";
import { stackName, stackOption } from "../args";
import { withLab } from "../access/lab";
import { runInTerminal } from "../access/remote";
import { hostNamed, readWords, remoteLine, terminalOption } from "../words";

export const ssh: Command = {
  name: "ssh",
  summary: "a shell on a machine, or one command there (its exit code is passed on; 255: no connection)",
  operands: "HOST [-- COMMAND…]",
  options: stackOption,
  more: "A single word after -- is a command line for the host's shell. Several words are a program and its arguments, passed unchanged.",
  examples: [
    ["ssh kvm1", "a shell"],
    ["ssh kvm1 -- 'ovs-vsctl show | head'", "a line for its shell"],
  ],
  async run(context, args) {
    const { values, name, rest } = readWords(ssh, args, stackOption);
    const stack = stackName(values.stack, context.environment);
    return withLab(context, stack, ({ lab, remote }) => {
      const options = rest.length === 0 ? [] : terminalOption();
      return runInTerminal(context, remote, hostNamed(lab, name).name, remoteLine(rest), options);
    });
  },
};
