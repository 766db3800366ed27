/** Changes in words: a line for each. Pure. */
import { listed } from "../../plan/change";
import type { Change, ChangeKind } from "../../plan/change";
import type { Changes } from "./changes";
import { THINGS } from "./things";

const MARKS: Readonly<Record<ChangeKind, string>> = { added: "+", changed: "~", removed: "-", rebuilt: "!" };
/** SGR codes (ECMA-48): green, yellow, red, bold red. */
const COLOURS: Readonly<Record<ChangeKind, string>> = {
  added: "32",
  changed: "33",
  removed: "31",
  rebuilt: "1;31",
};

/** @param colour for a terminal */
export function changesText({ changes, unchanged }: Changes, colour: boolean): string {
  const lines = changes.map((change) => marked(change, colour));
  const rest = unchanged === 0 ? [] : [`  ${unchanged} unchanged`];
  return [...lines, ...rest].join("\n");
}

function marked(change: Change, colour: boolean): string {
  const line = `${MARKS[change.kind]} ${worded(change)}`;
  return colour ? `\u001b[${COLOURS[change.kind]}m${line}\u001b[0m` : line;
}

function worded(change: Change): string {
  const words = THINGS.find(({ thing }) => thing === change.thing);
  return words === undefined ? `${change.thing} ${listed(change.names)}` : words.line(change);
}
