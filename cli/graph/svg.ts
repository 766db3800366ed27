/**
 * A picture as SVG, for light and dark backgrounds. Hosts are rows; a segment is a lane that each host's port leads to. Pure.
 *
 * vxlab draws it itself: Graphviz routes the lines of twelve hosts and five segments across each other, and has no dark mode.
 */
import { factsText, layOut, LINE, portText } from "./layout";
import type { Lane, Layout, Row } from "./layout";
import { bridgeLines, chainLines, segmentLines } from "./model";
import type { Picture, Segment } from "./model";

/** More tunnels of a segment are one straight line: arcs could not be followed. */
const TUNNEL_LIMIT = 6;
/** Width of a letter of a chain's line, at most on average. */
const LETTER = 7;

export function renderSvg(picture: Picture): string {
  const layout = layOut(picture);
  const { rows, lanes } = layout;
  const chains = chainLines(picture);
  const width = Math.max(layout.width, ...chains.map((line) => layout.row.x * 2 + line.length * LETTER));
  const height = layout.height + chains.length * LINE;
  const index = (segment: string) => picture.segments.findIndex((one) => one.segment === segment);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<style>${styles(picture.segments)}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...rows.map((row) => frame(row, layout)),
    ...lanes.flatMap((lane, number) => laneLines(lane, number)),
    ...rows.flatMap((row) => row.ports.map((port) => portLine(port, row.name, layout, index))),
    ...lanes.flatMap((lane, number) => laneMarks(lane, number)),
    ...rows.flatMap((row) => rowParts(row, layout, index)),
    ...chains.map((line, number) => text(layout.row.x, layout.height + number * LINE, line)),
    "</svg>",
  ];
  return parts.join("\n") + "\n";
}

type Index = (segment: string) => number;

const LIGHT = {
  paper: "#ffffff",
  text: "#1f2328",
  quiet: "#59636e",
  host: "#f4f6f8",
  edge: "#c9d1d9",
  bridge: "#e3eaf1",
};
const DARK = {
  paper: "#0d1117",
  text: "#e6edf3",
  quiet: "#9198a1",
  host: "#151b23",
  edge: "#3d444d",
  bridge: "#262f3b",
};

/** Classes only, no CSS variables: many viewers have none. */
function styles(segments: readonly Segment[]): string {
  const of = (colours: typeof LIGHT, look: "light" | "dark") => [
    `.paper,.box{fill:${colours.paper}}`,
    `.host{fill:${colours.host};stroke:${colours.edge}}`,
    `.peer{fill:none;stroke:${colours.quiet}}`,
    `.box{stroke:${colours.quiet}}`,
    `.bridge{fill:${colours.bridge};stroke:${colours.quiet}}`,
    `text{fill:${colours.text}}`,
    `.quiet{fill:${colours.quiet}}`,
    `.halo{stroke:${colours.paper}}`,
    ...segments.map(({ colour }, index) => {
      return `.s${index}{stroke:${colour[look]}}.d${index},text.t${index}{fill:${colour[look]}}`;
    }),
  ];
  const shared = [
    "text{font:12px Helvetica,Arial,'DejaVu Sans',sans-serif}",
    ".name{font-weight:bold}",
    ".peer{stroke-dasharray:5 4}",
    "path{fill:none}",
    ".tunnel{stroke-width:1.5;stroke-dasharray:5 3}",
    ".mesh{stroke-width:3}",
    ".group{stroke-width:12;stroke-opacity:.3;stroke-linecap:round}",
    ".flows{stroke-width:3;stroke-dasharray:0 6;stroke-linecap:round}",
    ".wire{stroke-width:1.5}",
    ".halo{stroke-width:5}",
  ];
  const dark = `@media (prefers-color-scheme:dark){${of(DARK, "dark").join("")}}`;
  return [...shared, ...of(LIGHT, "light"), dark].join("\n");
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

function text(x: number, y: number, words: string, look = ""): string {
  return `<text x="${x}" y="${y}"${look}>${escape(words)}</text>`;
}

function frame({ y, height, name, address, machine }: Row, { row }: Layout): string {
  const look = machine === undefined ? "peer" : "host";
  const right = ` class="quiet" text-anchor="end"`;
  return [
    `<rect class="${look}" x="${row.x}" y="${y}" width="${row.width}" height="${height}" rx="8"/>`,
    text(row.x + 12, y + LINE, name, ` class="name"`),
    text(row.x + row.width - 12, y + LINE, address, right),
  ].join("");
}

/** Containers with a line for each interface, and the bridge. */
function rowParts(row: Row, { box, bridge }: Layout, index: Index): string[] {
  const { machine, inner } = row;
  if (machine === undefined) return [];
  const middle = inner.y + inner.height / 2;
  const lines = bridgeLines(machine.bridge);
  return [
    ...row.boxes.map(({ box: { name, links }, y, height }) => {
      const at = (number: number) => y + 3 + (number + 0.5) * LINE;
      return [
        `<rect class="box" x="${box.x}" y="${y}" width="${box.width}" height="${height}" rx="6"/>`,
        text(box.x + 12, at(0) + 4, name),
        ...links.map((link, number) => text(box.facts, at(number) + 4, factsText(link), ` class="quiet"`)),
        ...links.map(({ segment }, number) => {
          const line = `M${box.x + box.width} ${at(number)}H${bridge.x}`;
          return `<path class="wire s${index(segment)}" d="${line}"/>`;
        }),
      ].join("");
    }),
    `<rect class="bridge" x="${bridge.x}" y="${inner.y}" width="${bridge.width}" height="${inner.height}" rx="3"/>`,
    ...lines.map((words, number) => {
      const y = middle + 4 + (number - (lines.length - 1) / 2) * LINE;
      return text(
        bridge.x + bridge.width / 2,
        y,
        words,
        ` text-anchor="middle"${number > 0 ? ` class="quiet"` : ""}`,
      );
    }),
  ];
}

/** From a host to the lane; a halo sets it apart from the lanes that it crosses. */
function portLine(
  { segment, y }: Row["ports"][number],
  host: string,
  { row, lanes }: Layout,
  index: Index,
): string {
  const number = index(segment.segment);
  const from = row.x + row.width;
  const to = lanes[number]?.x ?? from;
  const line = `d="M${from} ${y}H${to}"`;
  return [
    `<path class="halo" ${line}/><path class="wire s${number}" ${line}/>`,
    text(from + 6, y - 3, portText(segment, host), ` class="t${number}"`),
  ].join("");
}

function laneLines({ segment, x, ends }: Lane, index: number): string[] {
  const ys = ends.map(({ y }) => y);
  const line = `M${x} ${Math.min(...ys)}V${Math.max(...ys)}`;
  if (ends.length < 2) return [];
  if (segment.group !== undefined) return [`<path class="group s${index}" d="${line}"/>`];
  if (segment.joint) return [`<path class="flows s${index}" d="${line}"/>`];
  if (segment.tunnels.length > TUNNEL_LIMIT)
    return [`<path class="${segment.hub === undefined ? "mesh" : "tunnel"} s${index}" d="${line}"/>`];
  const yOf = (host: string) => ends.find((end) => end.host === host)?.y ?? 0;
  return segment.tunnels.map(([a, b]) => {
    const [from, to] = [yOf(a), yOf(b)];
    // The further apart, the wider the arc.
    const reach = x + 10 + Math.min(50, Math.abs(to - from) / 4);
    return `<path class="tunnel s${index}" d="M${x} ${from}C${reach} ${from} ${reach} ${to} ${x} ${to}"/>`;
  });
}

function laneMarks({ segment, x, ends }: Lane, index: number): string[] {
  const heading = segmentLines(segment);
  return [
    ...heading.map((words, number) => {
      const look = number === 0 ? ` class="name t${index}"` : ` class="quiet"`;
      return text(x, 16 + LINE * (number + 0.7), words, `${look} text-anchor="middle"`);
    }),
    ...ends.map(({ host, y }) => {
      return `<circle class="d${index}" cx="${x}" cy="${y}" r="${host === segment.hub ? 7 : 4}"/>`;
    }),
  ];
}
