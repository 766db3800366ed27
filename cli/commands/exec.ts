import { ContainerKind } from "../../plan/types";
import type { Command } from "../command";
import { stackName, stackOption } from "../lib/args";
import { withLab } from "../lib/lab";
import { shellWords } from "../../guest/quote";
import { handOver } from "../lib/remote";
import { containerNamed, readWords, terminalOption } from "../lib/words";

export const exec: Command = {
  name: "exec",
  summary:
    "run a command in a container, a shell without one (its exit code is passed on; 255: no connection)",
  usage: "CONTAINER [-s STACK] [-- COMMAND…]",
  async run(context, args) {
    const { values, name, rest } = readWords(exec, args, stackOption);
    const stack = stackName(values.stack, context.environment);
    return withLab(context, stack, ({ lab, remote }) => {
      const { host, kind } = containerNamed(lab, name);
      const terminal = terminalOption();
      const line = kind === ContainerKind.Docker ? dockerLine(name, rest, terminal) : attachLine(name, rest);
      return handOver(context, remote, host, line, terminal);
    });
  },
};

/** The container's environment is its own: the host's would name places that are not there. */
export function attachLine(container: string, words: readonly string[]): string {
  const command = words.length === 0 ? ["/bin/sh"] : words;
  const environment = [
    "--clear-env",
    "--keep-var",
    "TERM",
    "--set-var",
    "PATH=/sbin:/bin:/usr/sbin:/usr/bin",
  ];
  const where = ["-P", "/var/lib/vxlab/containers", "-n", container];
  return shellWords(["lxc-attach", ...where, ...environment, "--", ...command]);
}

/** @param terminal `-t`, or nothing: Docker makes the container's end of it */
export function dockerLine(container: string, words: readonly string[], terminal: readonly string[]): string {
  const command = words.length === 0 ? ["/bin/sh"] : words;
  return shellWords(["docker", "exec", "-i", ...terminal, `vxlab-${container}`, ...command]);
}
