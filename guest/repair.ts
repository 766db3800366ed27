/** The text of a repair, which is part of a step's inputs (components/repair.ts). Pure. */

/** "tunnel vx100-c0a80a03 is missing (2)": the same fault for the second time. */
const COUNTED = /^(.*) \((\d+)\)$/s;

/**
 * The repair text of a step: the previous one, unless something is wrong now. If the same fault occurs again, the text has a higher number.
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
