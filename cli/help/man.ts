/** The man page vxlab(1), in man(7)'s macros. Pure. */
import type { Command, Option } from "../command";
import { exitCodes } from "../exit";
import { globalOptions } from "./globals";
import { synopsis } from "./synopsis";
import { environmentRows, optionRows } from "./text";

/** Text as it is: no macro at the start of a line, no escape, no hyphen in place of a minus; ASCII, which every man(1) reads. */
const plain = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(
      /[^\n -~]/gu,
      (char) => `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replace(/^([.'])/gm, "\\&$1");

const item = ([word, meaning]: readonly [string | number, string]): string =>
  `.TP\n.B ${plain(String(word).trim())}\n${plain(meaning)}`;

const options = (table: Readonly<Record<string, Option>>): string[] => optionRows(table).map(item);

/** Lines of code, indented. */
const code = (lines: readonly string[]): string =>
  [".nf", ".RS", ...lines.map(plain), ".RE", ".fi"].join("\n");

function section(command: Command): string {
  const { more, examples } = command;
  return [
    `.SS ${command.name}`,
    code([synopsis(command)]),
    `.PP\n${plain(command.summary)}`,
    ...(more === undefined ? [] : [`.PP\n${plain(more)}`]),
    ...options(command.options),
    ".PP\nExamples:",
    code(examples.flatMap(([line, what]) => [`# ${what}`, `vxlab ${line}`])),
  ].join("\n");
}

export function manPage(commands: readonly Command[]): string {
  return `${[
    ".TH VXLAB 1",
    ".SH NAME\nvxlab \\- VXLAN labs on virtual machines",
    ".SH SYNOPSIS\n.B vxlab\n[OPTIONS] COMMAND ...",
    ".SH OPTIONS",
    ...options(globalOptions),
    ".SH COMMANDS",
    ...commands.map(section),
    ".SH EXIT STATUS",
    ...exitCodes.map(item),
    ".SH ENVIRONMENT",
    ...environmentRows.map(item),
    ".SH SEE ALSO\n.BR pulumi (1),\n.BR ssh (1),\n.BR tcpdump (1)",
  ].join("\n")}\n`;
}
