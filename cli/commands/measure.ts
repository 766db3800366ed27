import { writeFileSync } from "node:fs";
import type { LabOutput } from "../../plan/contract";
import type { Command, Context } from "../command";
import { badUsage, jsonOption, parsed, stackName, stackOption } from "../args";
import { Exit, Fault } from "../exit";
import { withLab } from "../access/lab";
import { measuredJson, measuredText } from "../output/measured";
import { measuredPlot } from "../output/measured-plot";
import { containerNamed } from "../words";
import { measurable, measure as measured } from "../../verify/measure";
import type { Ends, Measured } from "../../verify/measure";

const options = {
  ...stackOption,
  svg: { type: "string", value: "FILE", doc: "also draw the result into FILE" },
  ...jsonOption,
} as const;

export const measure: Command = {
  name: "measure",
  summary: "what the overlay costs: overhead, MTU, round trip and throughput beside the underlay's",
  operands: "[CONTAINER CONTAINER]",
  options,
  more: "Without names, it takes the first two containers of a segment that are on different hosts. It sends packets for half a minute. It measures TCP throughput with iperf3 if both hosts have it, else with busybox nc.",
  examples: [
    ["measure c1 c2", "the path between two containers, and between their hosts"],
    ["measure --json", "for programs"],
    ["measure --svg cost.svg", "with a picture"],
  ],
  async run(context, args) {
    const { values, positionals } = parsed(measure, args, options, true);
    if (positionals.length !== 0 && positionals.length !== 2)
      throw badUsage(measure, "give the names of two containers, or none");
    const [a, b] = positionals;
    const stack = stackName(values.stack, context.environment);
    const found = await measureLab(context, stack, a, b);
    if (values.svg !== undefined) writeFileSync(values.svg, measuredPlot(found));
    if (values.json === true) context.out.json(measuredJson(found));
    else context.out.print(measuredText(found));
    return isWhole(found) ? Exit.ok : Exit.failed;
  },
};

function measureLab(context: Context, stack: string, a?: string, b?: string): Promise<Measured> {
  return withLab(context, stack, async ({ lab, ask }) => {
    const ends = chosen(lab, a, b);
    try {
      return await measured(ask, lab, ends, (what) => context.out.remark(`measuring: ${what}`));
    } catch (error) {
      throw new Fault(Exit.failed, `cannot measure: ${(error as Error).message}`);
    }
  });
}

function chosen(lab: LabOutput, a?: string, b?: string): Ends {
  for (const name of [a, b]) if (name !== undefined) containerNamed(lab, name);
  const [ends] = measurable(lab, a, b);
  if (ends !== undefined) return ends;
  const who = a === undefined ? "no two containers" : `${a} and ${b}`;
  const why = a === undefined ? "are" : "are not";
  throw new Fault(
    Exit.usage,
    `${who} ${why} on two hosts in one segment with known addresses: there is no overlay to measure between them`,
  );
}

/** Whether everything was found. */
function isWhole({ underlay, overlay, overhead }: Measured): boolean {
  return (
    [underlay, overlay].every(({ warm, rate }) => warm.length > 0 && rate !== undefined) &&
    overhead !== undefined
  );
}
