/** What `--help` prints. Pure. */
import type { Command, Option } from "../command";
import { exitCodes } from "../exit";
import { table } from "../output/output";
import { flags, synopsis } from "./synopsis";
import { globalOptions } from "./globals";

/** Environment variables that decide what a command works on. */
export const environmentRows: readonly (readonly [string, string])[] = [
  ["VXLAB_STACK", "the stack to work on (lab)"],
  ["VXLAB_CACHE", "where built tools and images are kept ($XDG_CACHE_HOME/vxlab, else ~/.cache/vxlab)"],
  ["VXLAB_LIBVIRT_URI", "the libvirt to use (a service on this machine, else one of the lab's own)"],
  ["VXLAB_NO_VENDOR", "1: do not ask for the vendor's downloads"],
];

const rows = (pairs: readonly (readonly [string, string])[]): string =>
  table(pairs.map(([word, meaning]) => [`  ${word}`, meaning]));

export const optionRows = (options: Readonly<Record<string, Option>>): [string, string][] =>
  Object.entries(options).map(([name, option]) => [flags(name, option), option.doc]);

/** The list of commands. */
export function usage(commands: readonly Command[]): string {
  return [
    "vxlab: VXLAN labs on virtual machines, in one command",
    "",
    "usage: vxlab [OPTIONS] COMMAND …      vxlab COMMAND --help",
    "",
    rows(commands.map(({ name, summary }) => [name, summary])),
    "",
    "options:",
    rows(optionRows(globalOptions)),
    "",
    "exit codes:",
    rows(exitCodes.map(([code, meaning]) => [String(code), meaning])),
    "",
    "environment:",
    rows(environmentRows),
  ].join("\n");
}

/** One command's help. */
export function helpOf(command: Command): string {
  const options = optionRows(command.options);
  return [
    `usage: ${synopsis(command)}`,
    `\n${command.summary}`,
    ...(command.more === undefined ? [] : [`\n${command.more}`]),
    ...(options.length === 0 ? [] : [`\noptions:\n${rows(options)}`]),
    `\nexamples:\n${rows(command.examples.map(([line, what]) => [`vxlab ${line}`, what]))}`,
  ].join("\n");
}

/** Every help text in one file, which the launcher prints without Node.js: a line `# COMMAND` before each. */
export function helpFile(commands: readonly Command[]): string {
  const sections = commands.map((command) => `# ${command.name}\n${helpOf(command)}`);
  return `${[`# vxlab\n${usage(commands)}`, ...sections].join("\n")}\n`;
}
