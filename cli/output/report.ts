/** How verdicts are shown. Pure. */
import { table } from "./output";
import type { CheckResult } from "../../verify/check";

/** Colour on a terminal, unless NO_COLOR is set (no-color.org). */
export function wantsColour(
  terminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return terminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
}

const GREEN = "\u001b[32m";
const RED = "\u001b[31m";
const PLAIN = "\u001b[0m";

/** Pairs of containers of a segment, both ways counted. */
export interface PairCounts {
  pinged: number;
  all: number;
}

export function renderResults(results: readonly CheckResult[], colour: boolean, pairs?: PairCounts): string {
  const rows = table(results.map(({ ok, name, got }) => [ok ? "  ok  " : "  FAIL", name, got])).split("\n");
  const lines = results.flatMap((result, index) => {
    const row = painted(rows[index] ?? "", result.ok, colour);
    return result.ok
      ? [row]
      : [row, `          expected  ${result.expected}`, `          look      ${result.where}`];
  });
  return [
    ...lines,
    "",
    painted(
      summary(results),
      results.every(({ ok }) => ok),
      colour,
    ),
    ...pairsText(pairs),
  ].join("\n");
}

/** Names the pairs that were left out. */
function pairsText(pairs?: PairCounts): string[] {
  if (pairs === undefined || pairs.pinged === pairs.all) return [];
  return [`pinged ${pairs.pinged} of ${pairs.all} pairs of containers; --all-pairs pings the rest`];
}

/** Colours the first word of the line only. */
function painted(line: string, ok: boolean, colour: boolean): string {
  if (!colour) return line;
  return line.replace(/^\s*\S+( checks passed.*)?/, (word) => `${ok ? GREEN : RED}${word}${PLAIN}`);
}

function summary(results: readonly CheckResult[]): string {
  const failed = results.filter(({ ok }) => !ok).length;
  return `${results.length - failed} checks passed, ${failed} failed`;
}

/** For programs. */
export function resultsJson(results: readonly CheckResult[], pairs?: PairCounts) {
  const failed = results.filter(({ ok }) => !ok).length;
  const counts = pairs === undefined ? {} : { pairs };
  return { ok: failed === 0, passed: results.length - failed, failed, ...counts, checks: results };
}
