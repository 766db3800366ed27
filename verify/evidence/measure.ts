/** What a path between two ends costs: the commands that measure it on hosts, and their results. */
import { scriptCommand } from "../../guest/quote";
import type { HostOutput } from "../../plan/contract";
import { scriptText } from "./scripts";
import { linesOf, sections } from "./text";
import { underlayDevice } from "./wire";

/** What one way costs. */
export interface WayFacts {
  /** Of the interface that it leaves by, bytes. */
  mtu?: number;
  /** Whether a packet of that size arrives whole. */
  fits: boolean;
  /** Round trips with the neighbour unknown, ms. */
  cold: number[];
  /** Round trips in a row, ms. */
  warm: number[];
}

/** Numbers of pings: to an unknown neighbour, and in a row. */
const COLD = 5;
const WARM = 20;

/** @param pid of a process in the network namespace that asks; 0: the host's own */
export function wayCommand(pid: number, to: string): string {
  return scriptCommand(scriptText("measure.sh"), [String(pid), to, String(COLD), String(WARM)]);
}

export function parseWay(text: string): WayFacts {
  const body = sections(text).find(({ kind }) => kind === "measured")?.body ?? "";
  const pairs = linesOf(body).map((line) => line.split(" "));
  const all = (word: string) =>
    pairs.flatMap(([key, value]) => (key === word && Number(value) > 0 ? [Number(value)] : []));
  const [mtu] = all("mtu");
  return {
    ...(mtu === undefined ? {} : { mtu }),
    ...{ fits: all("fits").length > 0, cold: all("cold"), warm: all("warm") },
  };
}

/** The program that sends: iperf3 if both hosts have it, else busybox nc. */
export type Tool = "iperf3" | "nc";

/** Free on most hosts: iperf3's own (RFC 6335: user ports). */
const PORT = 5201;
const SECONDS = 5;
const BYTES = 8 * 1024 * 1024;

export function transferCommand(side: "serve" | "send", tool: Tool, pid: number, to: string): string {
  const words = [side, tool, String(pid), to, String(PORT), String(SECONDS), String(BYTES)];
  return scriptCommand(scriptText("transfer.sh"), words);
}

/** What a server prints when it is ready. */
export const SERVES = "listening";

/** Bits a second; undefined when nothing was transferred. */
export function parseTransfer(text: string): number | undefined {
  for (const { kind, words, body } of sections(text)) {
    if (kind === "iperf3") return iperf3Rate(body);
    const [bytes = NaN, begun = NaN, ended = NaN] = words.map(Number);
    if (kind === "nc" && ended > begun) return Math.round((bytes * 8) / (ended - begun));
  }
  return undefined;
}

/** What the receiver has got (iperf3(1), -J). */
function iperf3Rate(json: string): number | undefined {
  try {
    const { end } = JSON.parse(json) as { end?: { sum_received?: { bits_per_second?: number } } };
    const rate = end?.sum_received?.bits_per_second;
    return rate === undefined ? undefined : Math.round(rate);
  } catch {
    return undefined;
  }
}

/** Length of the IP packet with which the overhead is measured: below every MTU, above the size of other small packets. */
const PROBE = 1000;
/** More than any encapsulation adds, encryption included. */
const MOST = 300;

/** Shows a few of the packets that leave for another host, with their lengths, whatever is in them. */
export function outerCommand(host: Pick<HostOutput, "existing">, to: string): string {
  const form = ["--immediate-mode", "-l", "-n", "-v", "-s", "128", "-c", "20", "-i", underlayDevice(host)];
  const filter = `dst host ${to} and greater ${PROBE}`;
  return scriptCommand(scriptText("tcpdump.sh"), ["60", ...form, filter]);
}

/** Three packets of PROBE bytes. */
export function probesCommand(pid: number, to: string): string {
  const data = PROBE - (to.includes(":") ? 48 : 28);
  return `nsenter -t ${pid} -n ping -n -q -c 3 -i 0.3 -w 9 -s ${data} ${to}`;
}

/** Bytes that are added to a packet: from the smallest packet seen, since other packets of the host are larger. */
export function parseOverhead(text: string): number | undefined {
  const lengths = [...text.matchAll(/\blength (\d+)\)|payload length: (\d+)\)/g)].map(([, whole, payload]) =>
    whole === undefined ? Number(payload) + 40 : Number(whole),
  );
  const added = lengths.map((length) => length - PROBE).filter((more) => more > 0 && more <= MOST);
  return added.length === 0 ? undefined : Math.min(...added);
}
