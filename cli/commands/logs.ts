import { CONTAINER_KINDS } from "../../components/container/kinds";
import { shellWords } from "../../guest/quote";
import { badUsage, stackName, stackOption } from "../args";
import { withLab } from "../access/lab";
import { runInTerminal } from "../access/remote";
import type { Command } from "../command";
import { containerNamed, readWords } from "../words";

const options = {
  ...stackOption,
  follow: { type: "boolean", short: "f", doc: "keep printing new output, until Ctrl-C" },
  tail: { type: "string", short: "n", value: "LINES", doc: "only the last lines" },
} as const;

export const logs: Command = {
  name: "logs",
  summary: "print what a container's command has written to its output",
  operands: "CONTAINER",
  options,
  more: "Docker keeps all of it, LXC at most the last 128 KiB. An LXC container that an older vxlab started keeps it after a restart.",
  examples: [
    ["logs c1", "everything that is kept"],
    ["logs c1 -n 20 -f", "the last lines, then live"],
  ],
  async run(context, args) {
    const { values, name, rest } = readWords(logs, args, options);
    if (rest.length > 0) throw badUsage(logs, `unexpected: ${rest.join(" ")}`);
    const { tail, follow = false } = values;
    if (tail !== undefined && !/^\d{1,9}$/.test(tail))
      throw badUsage(logs, `--tail ${tail}: give a whole number`);
    const stack = stackName(values.stack, context.environment);
    return withLab(context, stack, ({ lab, remote }) => {
      const { host, kind } = containerNamed(lab, name);
      const lines = tail === undefined ? undefined : Number(tail);
      return runInTerminal(
        context,
        remote,
        host,
        shellWords(CONTAINER_KINDS[kind].logs(name, lines, follow)),
        [],
      );
    });
  },
};
