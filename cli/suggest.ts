/** The word that was meant. Pure. */

/** The nearest of the known words; undefined when none is near. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((one) => word.length > 1 && one.startsWith(word));
  if (begun.length === 1) return begun[0];
  const [best] = known
    .map((one) => ({ one, edits: distance(word, one) }))
    .filter(({ one, edits }) => edits <= Math.max(1, Math.floor(Math.min(one.length, word.length) / 3)))
    .sort((a, b) => a.edits - b.edits);
  return best?.one;
}

/** `: did you mean X?`, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === undefined ? "" : `: did you mean ${found}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = (rows[i] = [i]);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same, swapped);
    }
  }
  return at(a.length, b.length);
}
