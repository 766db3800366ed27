/** Tables of what is wrong: each row lays a fragment over the reference lab, which then has that one problem. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { referenceWith } from "./reference";

/** Fragment, path, key phrase of the message, key phrase of the cure. */
export type Row = [fragment: object, path: string, message: string, cure: string];

export function tellsOf(rows: Readonly<Record<string, Row[]>>): void {
  describe.each(Object.entries(rows))("%s", (_, table) => {
    it.each(table)("%j: %s %s", (fragment, path, message, cure) => {
      const problems = labProblems(referenceWith(fragment), "vxlab/dev");
      const found = problems.filter((problem) => problem.path === path && problem.message.includes(message));
      expect(
        problems.filter((problem) => problem.message !== found[0]?.message),
        "nothing else to say",
      ).toEqual([]);
      expect(found).toHaveLength(1);
      expect(found[0]?.cure).toContain(cure);
    });
  });
}
