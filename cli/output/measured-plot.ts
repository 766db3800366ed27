/** What an overlay costs, as a picture: SVG 1.1. Pure. */
import type { Measured, Way } from "../../verify/measure";
import { headline, spanOf } from "./measured";

const PANEL = { width: 200, height: 150, gap: 30, top: 60, left: 20 };
const COLOURS = { underlay: "#7a8ca0", overlay: "#d9822b" } as const;

/** On a dark background, paper and text have other colours, and the bars the same ones. */
const DARK =
  '<style>@media (prefers-color-scheme:dark){rect[fill="#ffffff"]{fill:#0d1117}text{fill:#e6edf3}text[fill="#555555"]{fill:#9198a1}}</style>';

interface Panel {
  title: string;
  unit: string;
  of: (way: Way) => number | undefined;
}

const PANELS: readonly Panel[] = [
  { title: "round trip, in a row", unit: "ms", of: ({ warm }) => spanOf(warm)?.median },
  { title: "round trip, neighbour unknown", unit: "ms", of: ({ cold }) => spanOf(cold)?.median },
  {
    title: "TCP throughput",
    unit: "Mbit/s",
    of: ({ rate }) => (rate === undefined ? undefined : rate / 1e6),
  },
  { title: "MTU", unit: "bytes", of: ({ mtu }) => mtu },
];

export function measuredPlot(found: Measured): string {
  const width = PANELS.length * (PANEL.width + PANEL.gap) + PANEL.left;
  const height = PANEL.top + PANEL.height + 50;
  const added =
    found.overhead === undefined ? "" : `; the overlay adds ${found.overhead} bytes to each packet`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    DARK,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(PANEL.left, 22, escaped(headline(found)), 'font-size="14"'),
    text(
      PANEL.left,
      40,
      escaped(`grey: between the hosts; orange: between the containers${added}`),
      'fill="#555555"',
    ),
    ...PANELS.map((panel, index) => drawn(panel, found, PANEL.left + index * (PANEL.width + PANEL.gap))),
    "</svg>\n",
  ].join("\n");
}

function drawn({ title, unit, of }: Panel, { underlay, overlay }: Measured, left: number): string {
  const values = [of(underlay), of(overlay)] as const;
  const most = Math.max(...values.map((value) => value ?? 0), 1e-9);
  const floor = PANEL.top + PANEL.height;
  const bars = (["underlay", "overlay"] as const).map((name, index) => {
    const value = values[index];
    const tall = ((value ?? 0) / most) * (PANEL.height - 30);
    const x = left + 20 + index * 85;
    const label = value === undefined ? "none" : `${rounded(value)} ${unit}`;
    return [
      `<rect x="${x}" y="${(floor - tall).toFixed(1)}" width="60" height="${tall.toFixed(1)}" fill="${COLOURS[name]}"/>`,
      text(x + 30, floor - tall - 5, label, 'text-anchor="middle"'),
      text(x + 30, floor + 15, name, 'text-anchor="middle" fill="#555555"'),
    ].join("\n");
  });
  const line = `<line x1="${left}" y1="${floor}" x2="${left + PANEL.width}" y2="${floor}" stroke="#888888"/>`;
  const head = text(left + PANEL.width / 2, floor + 35, title, 'text-anchor="middle"');
  return [line, ...bars, head].join("\n");
}

const rounded = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const text = (x: number, y: number, words: string, more: string): string =>
  `<text x="${x}" y="${y.toFixed(1)}" ${more}>${words}</text>`;

const escaped = (words: string): string => words.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
