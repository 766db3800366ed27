/** Suggests a known word for a misspelled one. Pure. */
import { nearest } from "../plan/rules";

/** `: did you mean X?`, or nothing. A single word with this prefix is preferred to similar words. */
export function suggestion(word: string, known: readonly string[]): string {
  const begun = known.filter((one) => word.length > 1 && one.startsWith(word));
  const found = begun.length === 1 ? begun[0] : nearest(word, known);
  return found === undefined ? "" : `: did you mean ${found}?`;
}
