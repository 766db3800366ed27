/** A picture as DOT text for Graphviz (graphviz.org/doc/info/lang.html). Pure. */
import { boxLines, bridgeLines, cloudLines, tunnelLabel } from "./model";
import type { Box, Cloud, Machine, Picture, Tunnel } from "./model";

const FONT = 'fontname="Helvetica,Arial,sans-serif"';
const QUIET = "#5f6b76";

export function renderDot(picture: Picture): string {
  const lines = [
    "graph lab {",
    `  graph [${FONT}, fontsize=13, rankdir=TB, nodesep=0.5, ranksep=0.55, pad=0.3, bgcolor="white"]`,
    `  node [${FONT}, fontsize=11, shape=box, style="filled", fillcolor="white", color="${QUIET}", margin="0.22,0.09"]`,
    `  edge [${FONT}, fontsize=11, color="${QUIET}"]`,
    ...picture.machines.flatMap((one, index) => machine(one, isBelow(picture, index))),
    ...picture.strangers.map(({ name, address }) => {
      return `  ${bridgeId(name)} [label=${text([name, address])}, style="dashed"]`;
    }),
    ...picture.tunnels.flatMap(tunnel),
    ...picture.clouds.flatMap((cloud) => cloudNode(cloud, picture)),
    "}",
  ];
  return lines.join("\n") + "\n";
}

/** Longer rows are split in two, with the segments between them. */
const ROW = 5;

function isBelow({ machines, clouds }: Picture, index: number): boolean {
  return clouds.length > 0 && machines.length > ROW && index >= machines.length / 2;
}

/** Graphviz puts the first end of a line above the second. */
function line(upper: string, lower: string, turned: boolean, look = ""): string {
  return `${turned ? `${lower} -- ${upper}` : `${upper} -- ${lower}`}${look}`;
}

function machine({ name, address, bridge, containers }: Machine, below: boolean): string[] {
  const place = below ? "labelloc=b" : "labelloc=t";
  return [
    `  subgraph ${quoted(`cluster ${name}`)} {`,
    `    label=${text([name, address])}; ${place}; style="rounded,filled"; color="#c9d1d9"; fillcolor="#f4f6f8"; margin=14`,
    ...containers.map(
      (box) =>
        `    ${boxId(box)} [label=${text(boxLines(box))}, style="rounded,filled", color="${box.colour}", penwidth=1.5]`,
    ),
    `    ${bridgeId(name)} [label=${text(bridgeLines(bridge))}, fillcolor="#e3eaf1"]`,
    ...containers.map((box) => `    ${line(boxId(box), bridgeId(name), below)}`),
    "  }",
  ];
}

function cloudNode(cloud: Cloud, picture: Picture): string[] {
  const node = quoted(`segment ${cloud.segment}`);
  const { colour } = cloud;
  const below = new Map(picture.machines.map(({ name }, index) => [name, isBelow(picture, index)]));
  return [
    `  ${node} [label=${text(cloudLines(cloud))}, shape=ellipse, color="${colour}", fontcolor="${colour}", penwidth=1.5]`,
    ...cloud.hosts.map((host) => {
      const look = ` [style=dashed, color="${colour}"]`;
      return `  ${line(bridgeId(host), node, below.get(host) ?? false, look)}`;
    }),
  ];
}

function boxId({ kind, name }: Box): string {
  return quoted(`${kind} ${name}`);
}

/**
 * A tunnel's label is a node between two dashed lines: Graphviz places a node's text clear of everything else, an
 * edge's often on top of another edge.
 */
function tunnel({ ends, colour, segment, ...rest }: Tunnel): string[] {
  const middle = quoted(`tunnel ${segment} ${ends.join(" ")}`);
  const look = `style=dashed, penwidth=1.4, color="${colour}"`;
  return [
    `  ${middle} [label=${text([tunnelLabel({ ...rest })])}, penwidth=0, fontcolor="${colour}", margin="0.16,0.03", height=0.2]`,
    ...ends.map((host) => `  ${bridgeId(host)} -- ${middle} [${look}]`),
  ];
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
