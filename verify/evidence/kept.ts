import type { KeptFacts } from "./facts";
import type { Part } from "./part";
import { linesOf } from "./text";

/** Files of desired state. */
export const kept: Part = {
  args: () => [],
  sections: { kept: ({ body }) => ({ kept: linesOf(body).flatMap(keptOf) }) },
};

function keptOf(line: string): KeptFacts[] {
  const [kind = "", step = "", lab = "", key] = line.split(" ");
  return key === undefined ? [] : [{ kind, step, lab, key }];
}
