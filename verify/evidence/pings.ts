/** Pings from containers: the command that sends them on a host, and their results. */
import { scriptCommand } from "../../guest/quote";
import type { HostFacts } from "./facts";
import { scriptText } from "./scripts";
import { sections } from "./text";

/**
 * What is asked, as pings.sh has it: the address answers; five times, for the shortest round trip; SIZE bytes with DF pass; SIZE bytes
 * with DF are refused; the address is asked for on the wire, whatever the routes say; SIZE requests are sent, and counted; many, of which
 * BURST at once.
 */
export type PingMode = "reach" | "timed" | "fits" | "too-big" | "isolated" | "count" | "many";

/** Requests with `many`, those that are sent at once, and the bits of each on its segment, as pings.sh has them. */
export const REQUESTS = 60;
export const BURST = 30;
export const REQUEST_BITS = 528 * 8;

/** A ping from inside a container. */
export interface Ping {
  /** Identifies it: the name of the check that needs it. */
  name: string;
  /** The container's host. */
  host: string;
  /** The container. */
  from: string;
  /** Its interface. */
  nic: string;
  to: string;
  mode: PingMode;
  /** Length of the whole IP packet, bytes; it has DF set. */
  size?: number;
  /** How much longer an answer is waited for than usual, seconds. @default 0 */
  patience?: number;
}

/** How a ping ended. */
type PingFate = "answered" | "too long" | "no answer" | "not sent";

export interface PingFacts {
  fate: PingFate;
  /** Requests that were sent, and answers to them, with `count`. */
  sent?: number;
  received?: number;
  /** Round trip, ms, of an answer. */
  ms?: number;
  /** The shortest of all, ms. */
  least?: number;
  /** Round trips in the order in which answers came, by the request's number; of many only. */
  answers?: readonly { seq: number; ms: number }[];
  /** Duplicate answers, if there were any. */
  duplicates?: number;
  /** The MTU that the kernel named when it refused. */
  mtu?: number;
  /** MAC that answered to ARP, where `ip neigh` was asked. */
  neighbour?: string;
  /** ping's error message. */
  complaint?: string;
}

/**
 * The pings of one host; those from containers that do not run are left out. Undefined: there are none.
 *
 * @param lanes pings at the same time
 * @param patience how long an answer is waited for, seconds
 */
export function pingsCommand(
  pings: readonly Ping[],
  facts: HostFacts,
  lanes: number,
  patience: number,
): string | undefined {
  // Pings that expect no answer come last, since more of them run at once.
  const sorted = [...pings].sort((a, b) => Number(a.mode === "isolated") - Number(b.mode === "isolated"));
  const args = sorted.flatMap(({ name, from, nic, to, size = 0, mode, patience: more = 0 }) => {
    const pid = facts.containers.get(from)?.pid ?? 0;
    return pid === 0 ? [] : [name, String(pid), mode, to, String(size), nic, String(patience + more)];
  });
  return args.length === 0 ? undefined : scriptCommand(scriptText("pings.sh"), [String(lanes), ...args]);
}

/** The answer of pings.sh, by the id of each ping. */
export function parsePings(text: string): Map<string, PingFacts> {
  return new Map(sections(text).map(({ words: [name = ""], body }) => [name, parsePing(body)]));
}

export function parsePing(text: string): PingFacts {
  const sent = /(\d+) packets transmitted, (\d+) received/.exec(text);
  const duplicates = / \+(\d+) duplicates/.exec(text)?.[1];
  const time = /time=([\d.]+) ms/.exec(text);
  const least = / min\/avg\/max[^=]*= ([\d.]+)\//.exec(text)?.[1];
  const tooLong = /message too long(?:, mtu[=: ]+(\d+))?/i.exec(text);
  const neighbour = /\blladdr ([0-9a-f:]{17})\b/.exec(text)?.[1];
  const complaint = /^(?:ping|nsenter): .*/m.exec(text)?.[0];
  const all = answersIn(text);
  const [requests, answers] = [Number(sent?.[1] ?? 0), Number(sent?.[2] ?? 0)];
  const fate = fateOf(answers, tooLong !== null, sent !== null);
  return {
    fate,
    ...(requests === 0 ? {} : { sent: requests, received: answers }),
    ...(time?.[1] === undefined ? {} : { ms: Number(time[1]) }),
    ...(least === undefined ? {} : { least: Number(least) }),
    ...(all.length > FEW ? { answers: all } : {}),
    ...(duplicates === undefined ? {} : { duplicates: Number(duplicates) }),
    ...(tooLong?.[1] === undefined ? {} : { mtu: Number(tooLong[1]) }),
    ...(neighbour === undefined ? {} : { neighbour }),
    ...(complaint === undefined ? {} : { complaint }),
  };
}

/** Of the other modes no more than that are answered. */
const FEW = 5;

function answersIn(text: string): { seq: number; ms: number }[] {
  const lines = text.split("\n").filter((line) => !line.includes("DUP!"));
  return lines.flatMap((line) => {
    const [, seq, ms] = /icmp_seq=(\d+) .*time=([\d.]+) ms/.exec(line) ?? [];
    return seq === undefined ? [] : [{ seq: Number(seq), ms: Number(ms) }];
  });
}

function fateOf(received: number, tooLong: boolean, sent: boolean): PingFate {
  if (received > 0) return "answered";
  if (tooLong) return "too long";
  return sent ? "no answer" : "not sent";
}
