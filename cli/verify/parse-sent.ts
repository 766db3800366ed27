/** What became of pings, read: pure functions from the text of ping and tcpdump. */
import { sections } from "./parse";

/** How a ping ended. */
export type PingFate = "answered" | "too long" | "no answer" | "not sent";

export interface PingFacts {
  fate: PingFate;
  /** Round trip, ms, of an answer. */
  ms?: number;
  /** Answers that came once more, where there were any. */
  duplicates?: number;
  /** The MTU that the kernel named when it refused. */
  mtu?: number;
  /** MAC that answered to ARP, where `ip neigh` was asked. */
  neighbour?: string;
  /** ping's own complaint. */
  complaint?: string;
}

/** The answer of pings.sh, by the id of each ping. */
export function parsePings(text: string): Map<string, PingFacts> {
  return new Map(sections(text).map(({ head, body }) => [head[1] ?? "", parsePing(body)]));
}

export function parsePing(text: string): PingFacts {
  const sent = / packets transmitted, (\d+) received/.exec(text);
  const duplicates = / \+(\d+) duplicates/.exec(text)?.[1];
  const time = /time=([\d.]+) ms/.exec(text);
  const tooLong = /message too long(?:, mtu[=: ]+(\d+))?/i.exec(text);
  const neighbour = /\blladdr ([0-9a-f:]{17})\b/.exec(text)?.[1];
  const complaint = /^(?:ping|nsenter): .*/m.exec(text)?.[0];
  const fate = fateOf(Number(sent?.[1] ?? 0), tooLong !== null, sent !== null);
  return {
    fate,
    ...(time?.[1] === undefined ? {} : { ms: Number(time[1]) }),
    ...(duplicates === undefined ? {} : { duplicates: Number(duplicates) }),
    ...(tooLong?.[1] === undefined ? {} : { mtu: Number(tooLong[1]) }),
    ...(neighbour === undefined ? {} : { neighbour }),
    ...(complaint === undefined ? {} : { complaint }),
  };
}

function fateOf(received: number, tooLong: boolean, sent: boolean): PingFate {
  if (received > 0) return "answered";
  if (tooLong) return "too long";
  return sent ? "no answer" : "not sent";
}

/** One VXLAN packet that carries an ICMP echo request or reply. */
export interface WirePacket {
  src: string;
  dst: string;
  udpPort: number;
  vni: number;
  inner: { src: string; dst: string; what: "request" | "reply" };
}

/** The outer line of `tcpdump -n -T vxlan`, then the inner one. */
const OUTER = /IP6? (\S+)\.\d+ > (\S+)\.(\d+): VXLAN, flags \[.*?\].*, vni (\d+)/;
const INNER = /IP6? (\S+) > (\S+): ICMP6?,? echo (request|reply)/;

export function parseCapture(text: string): WirePacket[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const outer = OUTER.exec(line);
    const inner = INNER.exec(lines[index + 1] ?? "");
    if (outer === null || inner === null) return [];
    const [, src = "", dst = "", udpPort, vni] = outer;
    const what = inner[3] === "reply" ? "reply" : "request";
    return [
      {
        src,
        dst,
        udpPort: Number(udpPort),
        vni: Number(vni),
        inner: { src: inner[1] ?? "", dst: inner[2] ?? "", what },
      },
    ];
  });
}
