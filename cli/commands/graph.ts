import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import type { Command } from "../command";
import { badUsage, readArgs, stackName, stackOption } from "../args";
import { Exit } from "../exit";
import { loadLab } from "../access/lab";
import { renderDot } from "../graph/dot";
import { renderMermaid } from "../graph/mermaid";
import { pictureOf } from "../graph/model";
import type { Picture } from "../graph/model";
import { renderSvg } from "../graph/svg";

type Format = "mermaid" | "svg" | "dot" | "json";

const WRITERS: Readonly<Record<Format, (picture: Picture) => string>> = {
  mermaid: renderMermaid,
  svg: renderSvg,
  dot: renderDot,
  json: (picture) => JSON.stringify(picture, undefined, 2),
};
const FORMATS = Object.keys(WRITERS);

const options = {
  ...stackOption,
  format: {
    type: "string",
    short: "f",
    choices: FORMATS,
    doc: "default: from the ending of FILE's name, else mermaid",
  },
  out: { type: "string", short: "o", value: "FILE", doc: "write to FILE instead of stdout" },
} as const;

export const graph: Command = {
  name: "graph",
  summary: "draw machines, bridges, tunnels and containers: Mermaid, SVG, DOT or JSON",
  operands: "",
  options,
  examples: [
    ["graph", "Mermaid, for a Markdown page"],
    ["graph -o lab.svg", "a picture"],
  ],
  async run(context, args) {
    const { values } = readArgs(graph, args, options);
    const format = formatOf(values.format, values.out);
    const { lab } = await loadLab(context, stackName(values.stack, context.environment));
    const text = WRITERS[format](pictureOf(lab));
    if (values.out === undefined) context.out.print(text.trimEnd());
    else writeFileSync(values.out, text);
    return Exit.ok;
  },
};

export function formatOf(given: string | undefined, file: string | undefined): Format {
  const ending = extname(file ?? "").slice(1);
  const wanted = given ?? (FORMATS.includes(ending) ? ending : "mermaid");
  if (FORMATS.includes(wanted)) return wanted as Format;
  throw badUsage(graph, `--format ${wanted}: use one of ${FORMATS.join(", ")}`);
}
