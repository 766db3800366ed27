import type { Command } from "../command";
import { jsonOption, readArgs, stackName, stackOption } from "../args";
import { Exit } from "../exit";
import { look } from "../access/look";
import { loadLab } from "../access/lab";
import { lookText } from "../output/drift-text";
import { repairsOf } from "../../verify/look";
import { writeRepairs } from "../engine/repair";

const options = {
  ...stackOption,
  ...jsonOption,
  map: {
    type: "string",
    value: "FILE",
    doc: "write the differences to FILE; a Pulumi run with VXLAB_REPAIR=FILE repairs them",
  },
} as const;

export const drift: Command = {
  name: "drift",
  summary: "compare every host with what was deployed, and change nothing",
  operands: "",
  options,
  more:
    "Prints a line for each difference, with its host and thing. Exits with 2 if there is a difference, else with 0. A host that does not " +
    "answer is listed as unknown; that is not an error. preview and up compare the hosts too.",
  examples: [
    ["drift", "what somebody changed by hand"],
    ["drift --json", "for programs"],
  ],
  async run(context, args) {
    const { values } = readArgs(drift, args, options);
    const stack = stackName(values.stack, context.environment);
    const { lab } = await loadLab(context, stack);
    const found = await context.out.wait("comparing the hosts", () => look(context, stack));
    if (values.map !== undefined) writeRepairs(values.map, repairsOf(found.differences));
    if (values.json === true) {
      const { differences, unknown, foreign } = found;
      context.out.json({ differences, unknown, foreign });
    } else context.out.print(lookText(found, lab.hosts.length));
    return found.differences.length === 0 ? Exit.ok : Exit.usage;
  },
};
