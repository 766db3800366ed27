/** The layout of a picture: hosts are rows, each segment is a lane beside them. Pure. */
import { bridgeLines, segmentLines } from "./model";
import type { Box, Machine, Picture, Segment } from "./model";

/** Pixels. */
export const LINE = 18;
const MARGIN = 16;
const TITLE = 26;
const GAP = 12;
const PAD = 12;
/** A generous width for a character of a sans-serif font of 12 px. */
const CHARACTER = 6.9;

const widthOf = (text: string): number => Math.ceil(text.length * CHARACTER);
const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(widthOf));

export interface Layout {
  width: number;
  height: number;
  /** Left edges and widths, equal in all rows. */
  row: { x: number; width: number };
  box: { x: number; width: number; /** The left edge of the text beside a name. */ facts: number };
  bridge: { x: number; width: number };
  rows: Row[];
  lanes: Lane[];
}

/** A host, or a VTEP of another lab. */
export interface Row {
  name: string;
  address: string;
  y: number;
  height: number;
  machine?: Machine;
  /** Upper edge of what is below the title, and its height. */
  inner: { y: number; height: number };
  boxes: { box: Box; y: number; height: number }[];
  /** Where the port of a segment leaves. */
  ports: { segment: Segment; y: number }[];
}

export interface Lane {
  segment: Segment;
  x: number;
  /** Where each host's port ends, in the order of rows. */
  ends: { host: string; y: number }[];
}

/** What is written on the line of a host's port. */
export const portText = ({ segment, hub }: Segment, host: string): string =>
  hub === host ? `${segment}, hub` : segment;
export const factsText = ({ facts }: Box["links"][number]): string => facts.join(", ");

export function layOut(picture: Picture): Layout {
  const { machines, segments } = picture;
  const top = MARGIN + LINE * Math.max(0, ...segments.map((one) => segmentLines(one).length)) + GAP;
  const boxes = machines.flatMap(({ containers }) => containers);
  const names = widest(boxes.map(({ name }) => name));
  const facts = widest(boxes.flatMap(({ links }) => links.map(factsText)));
  const box = { x: MARGIN + PAD, width: boxes.length === 0 ? 0 : names + facts + 3 * PAD, facts: 0 };
  box.facts = box.x + PAD + names + PAD;
  const bridge = {
    x: box.x + box.width + 36,
    width: widest(machines.flatMap((one) => bridgeLines(one.bridge))) + 16,
  };
  const row = { x: MARGIN, width: bridge.x + bridge.width + PAD - MARGIN };
  const rows = rowsOf(picture, top);
  const lanes = lanesOf(rows, segments, row.x + row.width);
  const right = lanes.at(-1)?.x ?? row.x + row.width;
  const last = rows.at(-1);
  return {
    width: right + laneWidth(segments) / 2 + MARGIN,
    height: (last === undefined ? top : last.y + last.height) + MARGIN,
    ...{ row, box, bridge, rows, lanes },
  };
}

function rowsOf({ machines, strangers, segments }: Picture, top: number): Row[] {
  let y = top;
  const place = (one: { name: string; address: string }, machine?: Machine) => {
    const own = segments.filter(({ hosts }) => hosts.includes(one.name));
    const row = rowAt(y, one, own, machine);
    y += row.height + GAP;
    return row;
  };
  return [...machines.map((one) => place(one, one)), ...strangers.map((one) => place(one))];
}

function rowAt(
  y: number,
  { name, address }: { name: string; address: string },
  own: Segment[],
  machine?: Machine,
): Row {
  const inner = y + TITLE;
  const heights = (machine?.containers ?? []).map(({ links }) => Math.max(1, links.length) * LINE + 6);
  const stacked = heights.reduce((sum, one) => sum + one + 6, -6);
  const height = Math.max(stacked, own.length * LINE, machine === undefined ? LINE : 2 * LINE + 4);
  const first = inner + (height - stacked) / 2;
  const boxes = (machine?.containers ?? []).map((box, index) => ({
    box,
    y: first + heights.slice(0, index).reduce((sum, one) => sum + one + 6, 0),
    height: heights[index] ?? 0,
  }));
  const ports = own.map((segment, index) => ({ segment, y: inner + ((index + 0.5) * height) / own.length }));
  return {
    ...{ name, address, y, height: TITLE + height + PAD, inner: { y: inner, height }, boxes, ports },
    ...(machine === undefined ? {} : { machine }),
  };
}

const laneWidth = (segments: readonly Segment[]): number => widest(segments.flatMap(segmentLines)) + 2 * PAD;

function lanesOf(rows: readonly Row[], segments: readonly Segment[], left: number): Lane[] {
  const names = widest(segments.map((one) => portText(one, one.hub ?? ""))) + PAD;
  const step = laneWidth(segments);
  return segments.map((segment, index) => ({
    segment,
    // The first heading must not be above the hosts, and the ports' names must fit before the first lane.
    x: left + Math.max(names + PAD, step / 2) + index * step,
    ends: rows.flatMap(({ name, ports }) =>
      ports.flatMap((port) => (port.segment === segment ? [{ host: name, y: port.y }] : [])),
    ),
  }));
}
