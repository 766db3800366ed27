/** The text of a repair, which is part of a step's inputs (components/repair.ts). Pure. */

/** "tunnel vx100-c0a80a03 is missing (2)": the same fault for the second time. */
const COUNTED = /^(.*) \((\d+)\)$/s;

/**
 * What a step is given: what it had, unless something is wrong now. The same fault once more is another text.
 *
 * @param before what the step was given last
 * @param now what is wrong
 */
export function nextRepair(before: string | undefined, now: string | undefined): string | undefined {
  if (now === undefined || now === "") return before;
  if (before === undefined) return now;
  const [, text = before, count = "1"] = COUNTED.exec(before) ?? [];
  return text === now ? `${now} (${Number(count) + 1})` : now;
}
