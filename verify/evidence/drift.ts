import type { DriftFacts } from "./facts";
import type { Part } from "./part";
import { jsonLines } from "./text";

/** What the guest tools find changed. */
export const drift: Part = {
  args: () => [],
  sections: {
    drift: ({ words: [code] }, attempt) => ({ drift: attempt((body) => parseDrift(body, code)) }),
  },
};

/** @param code exit code of the guest tools */
function parseDrift(body: string, code: string | undefined): DriftFacts[] {
  if (code !== "0") throw new SyntaxError("the guest tools failed");
  return jsonLines(body) as DriftFacts[];
}
