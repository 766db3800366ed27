/** How a lab's commands grow, of what bench/growth measured: a picture for light and dark backgrounds, and a table. */
import { markdownTable } from "../lib/life";

export interface Point {
  by: "hosts" | "containers";
  count: number;
  resources: number;
  /** Of each command that changes nothing; the median counts. */
  times: number;
  date: string;
  /** The highest one-minute load average meanwhile. */
  load: number;
  ms: Record<Command, number>;
}

const COMMANDS = {
  up: "up",
  verify: "verify",
  drift: "drift",
  same: "up, no changes",
  down: "down",
} as const;
type Command = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS) as Command[];

const PANELS = { hosts: "hosts, a container on each", containers: "containers on one host" } as const;
const SIZE = { width: 380, height: 300, left: 50, right: 40, top: 60, bottom: 50, gap: 10 };
const LIGHT = {
  paper: "#ffffff",
  text: "#1f2328",
  grid: "#d1d9e0",
  lines: ["#0969da", "#bc4c00", "#8250df", "#1a7f37", "#59636e"],
};
const DARK = {
  paper: "#0d1117",
  text: "#e6edf3",
  grid: "#3d444d",
  lines: ["#58a6ff", "#f0883e", "#bc8cff", "#3fb950", "#9198a1"],
};

export function growthPlot(points: readonly Point[]): string {
  const width = 2 * SIZE.width + SIZE.gap;
  const panels = (Object.keys(PANELS) as Point["by"][]).map((by, index) => {
    const own = points.filter((point) => point.by === by);
    return `<g transform="translate(${index * (SIZE.width + SIZE.gap)} 0)">\n${panel(PANELS[by], own)}\n</g>`;
  });
  const legend = NAMES.map((name, index) => {
    const x = SIZE.left + index * 140;
    return `<path class="l${index}" d="M${x} 22h18"/>${text(x + 24, 26, COMMANDS[name])}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${SIZE.height}" viewBox="0 0 ${width} ${SIZE.height}">`,
    `<style>${styles()}</style>`,
    `<rect class="paper" width="${width}" height="${SIZE.height}"/>`,
    ...legend,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

/** Classes only, no CSS variables: many viewers have none. */
function styles(): string {
  const of = ({ paper, text, grid, lines }: typeof LIGHT) => [
    `.paper{fill:${paper}}text{fill:${text}}.grid{stroke:${grid}}`,
    ...lines.map((colour, index) => `.l${index}{stroke:${colour}}.p${index}{fill:${colour}}`),
  ];
  const shared = "text{font:12px Helvetica,Arial,'DejaVu Sans',sans-serif}path{fill:none;stroke-width:2}";
  return [shared, ...of(LIGHT), `@media (prefers-color-scheme:dark){${of(DARK).join("")}}`].join("\n");
}

function panel(title: string, points: readonly Point[]): string {
  const floor = SIZE.height - SIZE.bottom;
  const reach = SIZE.width - SIZE.left - SIZE.right;
  const widest = Math.max(...points.map(({ count }) => count), 1);
  const step = nice(Math.max(...points.flatMap(({ ms }) => Object.values(ms)), 1000) / 1000 / 4);
  const most = step * 5;
  const x = (count: number) => round(SIZE.left + (count / widest) * reach);
  const y = (ms: number) => round(floor - (ms / 1000 / most) * (floor - SIZE.top));
  const grid = [0, 1, 2, 3, 4, 5].map((line) => {
    const at = y(line * step * 1000);
    const label = text(SIZE.left - 8, at + 4, `${line * step} s`, "end");
    return `<path class="grid" style="stroke-width:1" d="M${SIZE.left} ${at}h${reach}"/>${label}`;
  });
  const lines = NAMES.flatMap((name, index) => [
    `<path class="l${index}" d="M${points.map(({ count, ms }) => `${x(count)} ${y(ms[name])}`).join("L")}"/>`,
    ...points.map(
      ({ count, ms }) => `<circle class="p${index}" cx="${x(count)}" cy="${y(ms[name])}" r="3"/>`,
    ),
  ]);
  const counts = points.map(({ count }) => text(x(count), floor + 18, String(count), "middle"));
  const head = text(SIZE.left + reach / 2, floor + 38, title, "middle");
  return [...grid, ...lines, ...counts, head].join("\n");
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function nice(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((one) => one * ten >= value) ?? 10) * ten;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const text = (x: number, y: number, words: string, anchor = "start"): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;

/** As docs/measurements.md has it. */
export function growthTable(points: readonly Point[]): string {
  const order = (point: Point) => (point.by === "hosts" ? 0 : 1) * 1e6 + point.count;
  const rows = [...points].sort((a, b) => order(a) - order(b));
  const cells = rows.map(({ by, count, resources, times, date, load, ms }) => [
    by === "hosts"
      ? `${count} host${count === 1 ? "" : "s"}`
      : `1 host, ${count} container${count === 1 ? "" : "s"}`,
    String(resources),
    ...NAMES.map((name) => `${(ms[name] / 1000).toFixed(1)} s`),
    ...[String(times), load.toFixed(1), date],
  ]);
  const head = [
    "lab",
    "resources",
    ...NAMES.map((name) => `\`${COMMANDS[name]}\``),
    "runs",
    "load",
    "date",
  ].map((word) => word.replace("`up, no changes`", "`up`, no changes"));
  return markdownTable([head, ...cells]);
}
