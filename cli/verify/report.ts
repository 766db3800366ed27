/** How verdicts are shown. Pure. */
import { table } from "../lib/output";
import type { CheckResult } from "./judge";

/** Colour for those who see it: a terminal, unless NO_COLOR says otherwise (no-color.org). */
export function wantsColour(
  terminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return terminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
}

const GREEN = "\u001b[32m";
const RED = "\u001b[31m";
const PLAIN = "\u001b[0m";

export function renderResults(results: readonly CheckResult[], colour: boolean): string {
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
  ].join("\n");
}

/** Only the word at the line's beginning: a wall of colour says nothing. */
function painted(line: string, ok: boolean, colour: boolean): string {
  if (!colour) return line;
  return line.replace(/^\s*\S+( checks passed.*)?/, (word) => `${ok ? GREEN : RED}${word}${PLAIN}`);
}

export function summary(results: readonly CheckResult[]): string {
  const failed = results.filter(({ ok }) => !ok).length;
  return `${results.length - failed} checks passed, ${failed} failed`;
}

/** For programs. */
export function resultsJson(results: readonly CheckResult[]) {
  const failed = results.filter(({ ok }) => !ok).length;
  return { ok: failed === 0, passed: results.length - failed, failed, checks: results };
}
