/** Arguments of the commands that take a host or a container, and the words after `--`, which are for another program. */
import type { ParseArgsConfig } from "node:util";
import type { HostOutput, LabOutput } from "../plan/contract";
import type { ContainerPlan } from "../plan/types";
import type { Command } from "./command";
import { badUsage, parsed } from "./args";
import { Exit, Fault } from "./exit";
import { shellWords } from "../guest/quote";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options and the one name before `--`, and the words after it. */
export function readWords<T extends Options>(command: Command, args: readonly string[], options: T) {
  const end = args.indexOf("--");
  const own = end < 0 ? [...args] : args.slice(0, end);
  const { values, positionals } = parsed(command, own, options, true);
  const [name, ...more] = positionals;
  if (name === undefined) throw badUsage(command, "a name is missing");
  if (more.length > 0) throw badUsage(command, `unexpected: ${more.join(" ")}: put a command after --`);
  return { values, name, rest: end < 0 ? [] : args.slice(end + 1) };
}

/**
 * The line for the remote shell. One word is a shell command line, as with ssh; several are a program and its arguments, passed
 * unchanged. None: a login shell.
 */
export function remoteLine(words: readonly string[]): string | undefined {
  if (words.length < 2) return words[0];
  return shellWords(words);
}

/** `-t` on a terminal, for top, vi and shells. On a pipe it would convert line ends. */
export function terminalOption(): string[] {
  return process.stdin.isTTY && process.stdout.isTTY ? ["-t"] : [];
}

export function hostNamed(lab: LabOutput, name: string): HostOutput {
  return named("host", lab.hosts, name);
}

export function containerNamed(lab: LabOutput, name: string): ContainerPlan {
  return named("container", lab.containers, name);
}

/** A host, or a container with its host. */
export interface Target {
  host: HostOutput;
  container?: ContainerPlan;
}

export function targetNamed(lab: LabOutput, name: string): Target {
  const { host, ...found } = named(
    "host or container",
    [...lab.hosts.map(hostTarget), ...lab.containers],
    name,
  );
  if (typeof host !== "string") return { host };
  return { host: hostNamed(lab, host), container: containerNamed(lab, found.name) };
}

const hostTarget = (host: HostOutput): { name: string; host: HostOutput } => ({ name: host.name, host });

function named<T extends { name: string }>(kind: string, all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const known = all.map((one) => one.name).join(", ") || "none";
  throw new Fault(Exit.usage, `the lab has no ${kind} "${name}": it has ${known}`);
}
