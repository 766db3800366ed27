/** Changes in words: a line for each. Pure. */
import { listed } from "../../plan/change";
import type { Change, ChangeKind } from "../../plan/change";
import type { Changes } from "./changes";
import { THINGS } from "./things";

const MARKS: Readonly<Record<ChangeKind, string>> = {
  added: "+",
  changed: "~",
  removed: "-",
  rebuilt: "!",
  drifted: "*",
};
/** SGR codes (ECMA-48): green, yellow, red, bold red, magenta. */
const COLOURS: Readonly<Record<ChangeKind, string>> = {
  added: "32",
  changed: "33",
  removed: "31",
  rebuilt: "1;31",
  drifted: "35",
};

/** @param colour for a terminal */
export function changesText({ changes, unchanged }: Changes, colour: boolean): string {
  if (changes.length === 0 && unchanged > 0) return `no changes, ${unchanged} unchanged`;
  const lines = changes.map((change) => marked(change, colour));
  const rest = unchanged === 0 ? [] : [`  ${unchanged} unchanged`];
  return [...lines, ...rest].join("\n");
}

function marked(change: Change, colour: boolean): string {
  const line = `${MARKS[change.kind]} ${worded(change)}`;
  return colour ? `\u001b[${COLOURS[change.kind]}m${line}\u001b[0m` : line;
}

/** "kvm1: segment red: tunnel vx100-c0a80ade is missing" */
function drifted({ thing, names, hosts, facts }: Change): string {
  const what = thing === "host" ? [] : [`${thing} ${listed(names)}`];
  return [listed(hosts.length === 0 ? names : hosts), ...what, facts.join("; ")].join(": ");
}

function worded(change: Change): string {
  if (change.kind === "drifted") return drifted(change);
  const words = THINGS.find(({ thing }) => thing === change.thing);
  return words === undefined ? `${change.thing} ${listed(change.names)}` : words.line(change);
}
