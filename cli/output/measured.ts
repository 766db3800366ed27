/** What an overlay costs, as a table and for programs. Pure. */
import { encapsulationOf } from "../../components/segment/port";
import { ENCAPSULATIONS } from "../../plan/net/encap";
import type { Measured, Way } from "../../verify/measure";
import { table } from "./output";

export function measuredText(found: Measured): string {
  const { underlay, overlay, overhead } = found;
  const rows = [
    ["", "UNDERLAY", "OVERLAY"],
    ["MTU", mtuText(underlay), mtuText(overlay)],
    ["bytes added to a packet", "-", overhead === undefined ? "none seen" : String(overhead)],
    ["round trip, neighbour unknown", ...[underlay, overlay].map(({ cold }) => spanText(cold))],
    ["round trip, in a row", ...[underlay, overlay].map(({ warm }) => spanText(warm))],
    [`TCP throughput (${found.tool})`, ...[underlay, overlay].map(rateText)],
  ];
  return [headline(found), table(rows), SPANS].join("\n\n");
}

const SPANS = "round trips: the median, and in brackets the least and the most";

export function headline({ ends: { from, to }, port }: Measured): string {
  const { segment, vni, flooding } = port;
  const { title } = ENCAPSULATIONS[encapsulationOf(port)];
  return `${from.name} on ${from.host} to ${to.name} on ${to.host}: segment ${segment}, ${title}, VNI ${vni}, flooding ${flooding}`;
}

function mtuText({ mtu, fits }: Way): string {
  if (mtu === undefined) return "unknown";
  return fits ? String(mtu) : `${mtu}, but no such packet arrives`;
}

function spanText(times: readonly number[]): string {
  const span = spanOf(times);
  return span === undefined ? "no answer" : `${span.median} ms (${span.least} to ${span.most})`;
}

function rateText({ rate }: Way): string {
  return rate === undefined ? "nothing arrived" : `${(rate / 1e6).toFixed(1)} Mbit/s`;
}

interface Span {
  least: number;
  median: number;
  most: number;
  answers: number;
}

/** Undefined without an answer. */
export function spanOf(times: readonly number[]): Span | undefined {
  const sorted = [...times].sort((a, b) => a - b);
  const [least, most, median] = [sorted[0], sorted.at(-1), sorted[Math.floor((sorted.length - 1) / 2)]];
  if (least === undefined || most === undefined || median === undefined) return undefined;
  return { least, median, most, answers: sorted.length };
}

/** Times in ms, rates in bits a second; null for what was not found. */
export function measuredJson({
  ends: { from, to, address },
  port,
  overhead,
  tool,
  ...ways
}: Measured): object {
  const { segment, vni, udpPort, flooding } = port;
  return {
    from: { container: from.name, host: from.host },
    to: { container: to.name, host: to.host, address },
    ...{ segment, encapsulation: encapsulationOf(port), vni, udpPort, flooding },
    ...{ overhead: overhead ?? null, tool },
    underlay: wayJson(ways.underlay),
    overlay: wayJson(ways.overlay),
  };
}

function wayJson({ mtu, fits, cold, warm, rate }: Way): object {
  return {
    ...{ mtu: mtu ?? null, fits },
    ...{ cold: spanOf(cold) ?? null, warm: spanOf(warm) ?? null, throughput: rate ?? null },
  };
}
