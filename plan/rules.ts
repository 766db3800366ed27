/** Helpers that all checks use. */
import type { Problem } from "./problem";

/** The entries of a record in code unit order: `localeCompare` depends on the machine's locale. */
export function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => compareText(a, b));
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A setting's path in the form that `pulumi config set --path` takes: `hosts["a.b"].address`. */
export function pathOf(...keys: readonly (string | number)[]): string {
  return keys.map(step).join("");
}

function step(key: string | number, index: number): string {
  if (typeof key === "number") return `[${key}]`;
  if (/^[A-Za-z0-9_-]+$/.test(key)) return index === 0 ? key : `.${key}`;
  return `[${JSON.stringify(key)}]`;
}

function isIntegerIn(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

/** True for text that can be a path or a name: not empty, and without NUL, which would end it for the kernel. */
export function isText(got: unknown): got is string {
  return typeof got === "string" && got !== "" && !got.includes("\0");
}

/** A list of names, or its problem; the caller checks what each name refers to. */
export function checkList(path: string, got: unknown, cure: string): Problem[] {
  const usable = Array.isArray(got) && got.length > 0;
  return usable ? [] : [{ path, got, message: "Is not a list of at least one name.", cure }];
}

/** Bounds of a whole number, with what it counts or, if it counts nothing, what it names. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
  readonly names?: string;
  readonly why?: string;
}

/** A whole number within bounds, or its problem. */
export function checkInteger(path: string, got: unknown, range: Range): Problem[] {
  const { min, max, unit, names, why } = range;
  if (isIntegerIn(got, min, max)) return [];
  const reason = why === undefined ? "" : ` (${why})`;
  const quoted = typeof got === "string" && got.trim() !== "" && Number.isInteger(Number(got));
  const cure = quoted
    ? `Write it as a number, without quotes, from ${min} to ${max}.`
    : `Write a number from ${min} to ${max}.`;
  const message =
    names === undefined
      ? `Must be a whole number of ${unit}, ${min} to ${max}${reason}.`
      : `Is not ${names}: a whole number from ${min} to ${max}${reason}.`;
  return [{ path, got, message, cure }];
}

/** One of an enum's values, or its problem. */
export function checkChoice(path: string, got: unknown, choices: readonly string[]): Problem[] {
  if (got === undefined || (typeof got === "string" && choices.includes(got))) return [];
  const near = typeof got === "string" ? nearest(got, choices) : undefined;
  const list = choices.join(", ");
  const cure =
    near === undefined ? `Write one of: ${list}.` : `Did you mean ${near}? It takes one of: ${list}.`;
  return [{ path, got, message: "Is not a valid value.", cure }];
}

/** Something that only one setting can have. */
export interface Claim {
  path: string;
  got: unknown;
  /** Equal keys collide. */
  key: string | number | bigint;
  /** How the problem of a later claim names this one. @default path */
  owner?: string;
  /** The cure for a collision of this claim with an earlier one. @default the cure of all claims */
  cure?: string;
}

/** A problem for every claim whose key an earlier claim has taken. */
export function repeated(claims: readonly Claim[], what: string, cure: string): Problem[] {
  const owners = new Map<Claim["key"], string>();
  return claims.flatMap(({ path, got, key, owner: name = path, cure: own = cure }) => {
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, name);
    const message = `${what} is already taken by ${owner}.`;
    return owner === undefined ? [] : [{ path, got, message, cure: own }];
  });
}

/** "Did you mean …?" when a known word is near, and the list of known words. */
export function suggest(word: unknown, known: readonly string[], noun: string): string {
  const near = typeof word === "string" ? nearest(word, known) : undefined;
  const list = known.length === 0 ? `There is no ${noun}.` : `Known: ${shortList(known)}.`;
  return near === undefined ? list : `Did you mean ${near}? ${list}`;
}

const LONGEST_LIST = 12;

function shortList(words: readonly string[]): string {
  const shown = words.slice(0, LONGEST_LIST).join(", ");
  return words.length > LONGEST_LIST ? `${shown} and ${words.length - LONGEST_LIST} more` : shown;
}

/** The known word within two edits (one, for words of up to three letters) of what was written. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = word.length <= 3 ? 1 : 2;
  const scored = known.map((candidate) => ({ candidate, edits: editDistance(word, candidate) }));
  const best = scored.sort((a, b) => a.edits - b.edits || compareText(a.candidate, b.candidate))[0];
  return best !== undefined && best.edits <= limit ? best.candidate : undefined;
}

/** Insertions, deletions, substitutions and swaps of neighbours from one word to the other, without case. */
function editDistance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()];
  // rows[i][j] is the distance from the first i letters of a to the first j of b.
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const substituted = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swap ? at(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, substituted, swapped));
    }
  }
  return at(a.length, b.length);
}
