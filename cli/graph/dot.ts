/** A picture as DOT text for Graphviz (graphviz.org/doc/info/lang.html). Pure. */
import { boxLines, bridgeLines, chainLines, hasLanes, segmentLines, tunnelLabel } from "./model";
import type { Box, Machine, Picture, Segment } from "./model";

const FONT = 'fontname="Helvetica,Arial,sans-serif"';
const QUIET = "#5f6b76";

export function renderDot(picture: Picture): string {
  const lines = [
    "graph lab {",
    // From left to right, as many hosts as there are stay in one column.
    `  graph [${FONT}, fontsize=13, rankdir=LR, nodesep=0.3, ranksep=1.2, pad=0.3, bgcolor="white"]`,
    `  node [${FONT}, fontsize=11, shape=box, style="filled", fillcolor="white", color="${QUIET}", margin="0.22,0.09"]`,
    `  edge [${FONT}, fontsize=10, color="${QUIET}"]`,
    ...picture.machines.flatMap((one) => machine(one, picture)),
    ...picture.strangers.map(({ name, address }) => {
      return `  ${bridgeId(name)} [label=${text([name, address])}, style="dashed"]`;
    }),
    ...picture.segments.flatMap((segment) =>
      segment.joint || hasLanes(picture) ? segmentNode(segment) : tunnelsOf(segment),
    ),
    ...chainLines(picture).map(
      (line, index) => `  ${quoted(`chain ${index}`)} [label=${text([line])}, shape=note]`,
    ),
    "}",
  ];
  return lines.join("\n") + "\n";
}

function machine({ name, address, bridge, containers }: Machine, picture: Picture): string[] {
  const colourOf = (segment: string) =>
    picture.segments.find((one) => one.segment === segment)?.colour.light ?? QUIET;
  return [
    `  subgraph ${quoted(`cluster ${name}`)} {`,
    `    label=${text([name, address])}; style="rounded,filled"; color="#c9d1d9"; fillcolor="#f4f6f8"; margin=14`,
    ...containers.map((box) => `    ${boxId(box)} [label=${text(boxLines(box))}, style="rounded,filled"]`),
    `    ${bridgeId(name)} [label=${text(bridgeLines(bridge))}, fillcolor="#e3eaf1"]`,
    ...containers.flatMap((box) =>
      box.links.map(
        ({ segment }) =>
          `    ${boxId(box)} -- ${bridgeId(name)} [color="${colourOf(segment)}", penwidth=1.5]`,
      ),
    ),
    "  }",
  ];
}

function segmentNode(one: Segment): string[] {
  const node = quoted(`segment ${one.segment}`);
  const colour = one.colour.light;
  return [
    `  ${node} [label=${text(segmentLines(one))}, shape=ellipse, color="${colour}", fontcolor="${colour}", penwidth=1.5]`,
    ...one.hosts.map((host) => `  ${bridgeId(host)} -- ${node} [${look(one, one.segment)}]`),
  ];
}

function tunnelsOf(one: Segment): string[] {
  // The ends of a tunnel are beside each other, not one to the right of the other.
  const also = "constraint=false";
  return one.tunnels.map(
    (ends) => `  ${ends.map(bridgeId).join(" -- ")} [${look(one, tunnelLabel(one))}, ${also}]`,
  );
}

function look({ colour: { light } }: Segment, label: string): string {
  return `label=${text([label])}, style=dashed, penwidth=1.4, color="${light}", fontcolor="${light}"`;
}

function boxId({ kind, name }: Box): string {
  return quoted(`${kind} ${name}`);
}

function bridgeId(host: string): string {
  return quoted(`bridge ${host}`);
}

function quoted(words: string): string {
  return `"${words.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Lines in the middle of their box. */
function text(lines: readonly string[]): string {
  return `"${lines.map((line) => quoted(line).slice(1, -1)).join("\\n")}"`;
}
