/** The words that may follow at the cursor, for the shells' completion scripts. Pure. */
import type { Command, Option } from "../command";
import { globalOptions, readLine } from "./globals";

/** A word, and what it means. */
export type Candidate = readonly [word: string, doc: string];

/** Names from a deployed lab and its folder. They are read only if one can be at the cursor. */
export interface Names {
  hosts: readonly string[];
  containers: readonly string[];
  stacks: readonly string[];
}

/** @param words what follows `vxlab`; the last is the one at the cursor, perhaps empty */
export function candidates(
  commands: readonly Command[],
  words: readonly string[],
  names: () => Names,
): Candidate[] {
  const at = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  return possible(commands, before, at, names).filter(([word]) => word.startsWith(at));
}

function possible(
  commands: readonly Command[],
  before: readonly string[],
  at: string,
  names: () => Names,
): Candidate[] {
  const command = commandIn(before, commands);
  const options: Readonly<Record<string, Option>> = command?.options ?? globalOptions;
  const asks = optionNamed(before.at(-1), options);
  if (asks?.type === "string") return valuesOf(asks, names);
  if (command === undefined)
    return at.startsWith("-") ? flagsOf(globalOptions) : commands.map(({ name, summary }) => [name, summary]);
  if (before.includes("--")) return [];
  if (at.startsWith("-")) {
    const { help, quiet, verbose } = globalOptions;
    return flagsOf({
      ...command.options,
      ...(command.passesOptions === true ? { help } : { help, quiet, verbose }),
    });
  }
  return operandsOf(command.operands, names);
}

function commandIn(before: readonly string[], commands: readonly Command[]): Command | undefined {
  try {
    const { name } = readLine(before);
    return commands.find((one) => one.name === name);
  } catch {
    return undefined; // an option that is not there, or one whose value is at the cursor
  }
}

function optionNamed(
  word: string | undefined,
  options: Readonly<Record<string, Option>>,
): Option | undefined {
  const found = Object.entries(options).find(
    ([name, { short }]) => word === `--${name}` || word === `-${short}`,
  );
  return found?.[1];
}

function valuesOf({ choices, value }: Option, names: () => Names): Candidate[] {
  if (choices !== undefined) return choices.map((word) => [word, ""]);
  return value === "STACK" ? names().stacks.map((word) => [word, "stack"]) : [];
}

const flagsOf = (options: Readonly<Record<string, Option>>): Candidate[] =>
  Object.entries(options).map(([name, { doc }]) => [`--${name}`, doc]);

/** HOST, CONTAINER and NAME: of the lab's names; a word in lower case is itself. */
function operandsOf(operands: string, names: () => Names): Candidate[] {
  const [first = ""] = operands.split(/ (?=\[-- )/);
  const words = first.split(/[^A-Za-z]+/);
  const ending = /NAME:/.test(first) ? ":" : "";
  const wants = (...kinds: string[]): boolean => kinds.some((kind) => words.includes(kind));
  const literal = words.filter((word) => /^[a-z]+$/.test(word)).map((word): Candidate => [word, ""]);
  return [
    ...literal,
    ...(wants("HOST", "NAME") ? names().hosts.map((word): Candidate => [word + ending, "host"]) : []),
    ...(wants("CONTAINER", "NAME")
      ? names().containers.map((word): Candidate => [word + ending, "container"])
      : []),
  ];
}
