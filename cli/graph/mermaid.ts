/** A picture as Mermaid text, which GitHub and most wikis draw (mermaid.js.org, flowchart). Pure. */
import { boxLines, bridgeLines, chainLines, hasLanes, segmentLines, tunnelLabel } from "./model";
import type { Box, Machine, Picture, Segment } from "./model";

export function renderMermaid(picture: Picture): string {
  const edges = [...picture.machines.flatMap(boxEdges), ...segmentEdges(picture)];
  const own = picture.segments.filter((segment) => isNode(picture, segment));
  const lines = [
    "flowchart TB",
    ...picture.machines.flatMap(machine),
    ...picture.strangers.map(({ name, address }) => `  ${bridgeId(name)}[/${text([name, address])}/]`),
    ...own.map((segment) => `  ${id("s", segment.segment)}{{${text(segmentLines(segment))}}}`),
    ...chainLines(picture).map((line, index) => `  x_${index}>${text([line])}]`),
    ...edges.map(({ line }) => `  ${line}`),
    ...edges.flatMap(({ segment }, index) => colourLine(`linkStyle ${index}`, picture, segment)),
    ...own.flatMap(({ segment }) => colourLine(`style ${id("s", segment)}`, picture, segment)),
  ];
  return lines.join("\n") + "\n";
}

interface Edge {
  line: string;
  segment: string;
}

function isNode(picture: Picture, { joint }: Segment): boolean {
  return joint || hasLanes(picture);
}

function machine({ name, address, bridge, containers }: Machine): string[] {
  return [
    `  subgraph ${id("h", name)}[${text([`${name} · ${address}`])}]`,
    ...containers.map((box) => `    ${boxId(box)}(${text(boxLines(box))})`),
    `    ${bridgeId(name)}[${text(bridgeLines(bridge))}]`,
    "  end",
  ];
}

function boxEdges({ name, containers }: Machine): Edge[] {
  return containers.flatMap((box) =>
    box.links.map(({ segment }) => ({
      line: `${boxId(box)} -- ${text([segment])} --- ${bridgeId(name)}`,
      segment,
    })),
  );
}

function segmentEdges(picture: Picture): Edge[] {
  return picture.segments.flatMap((one) => {
    const { segment, hosts, tunnels } = one;
    if (isNode(picture, one))
      return hosts.map((host) => ({
        line: `${bridgeId(host)} -. ${text([segment])} .- ${id("s", segment)}`,
        segment,
      }));
    const label = text([tunnelLabel(one)]);
    return tunnels.map((ends) => ({ line: ends.map(bridgeId).join(` -. ${label} .- `), segment }));
  });
}

function colourLine(what: string, { segments }: Picture, segment: string): string[] {
  const colour = segments.find((one) => one.segment === segment)?.colour.light;
  return colour === undefined ? [] : [`  ${what} stroke:${colour}`];
}

/** The prefix keeps names from being Mermaid keywords, such as "end". Names have no "_". */
function id(kind: string, name: string): string {
  return `${kind}_${name.replaceAll("-", "_")}`;
}

function boxId({ kind, name }: Box): string {
  return id(kind === "container" ? "c" : "g", name);
}

function bridgeId(host: string): string {
  return id("b", host);
}

function text(lines: readonly string[]): string {
  return `"${lines.map((line) => line.replaceAll('"', "#quot;")).join("<br/>")}"`;
}
