/** As much of an OpenFlow table as the guest tools use: what becomes of a frame, by flows as ovs-ofctl reads them. */
import { addressNumber } from "../../plan/addresses";

/** What Open vSwitch sees of a frame, by its names of fields (ovs-fields(7)); addresses without prefix length. */
export interface Frame {
  /** `arp`, `ip`, `udp`, `icmp`, `ipv6`, `udp6`, `icmp6`, … */
  protocol: string;
  /** Name of the port that it comes in by. */
  port: string;
  fields: Record<string, string | number>;
  /** A fragment: what belongs to the packet inside reads 0. @default false */
  fragment?: boolean;
}

interface Flow {
  table: number;
  priority: number;
  match: string[];
  actions: string;
}

/** The protocols that a word of a match stands for. */
const WORDS: Record<string, RegExp> = {
  arp: /^arp$/,
  ip: /^(ip|udp|tcp|icmp)$/,
  udp: /^udp$/,
  icmp: /^icmp$/,
  ipv6: /^(ipv6|udp6|tcp6|icmp6)$/,
  udp6: /^udp6$/,
  icmp6: /^icmp6$/,
};
/** Fields of the packet inside. */
const INSIDE = /^(tp_|icmp_|nd_)/;

/** Lines of flows, deletions left out. */
export function flowTable(text: string): Flow[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("delete "))
    .map((line) => {
      const [head = "", actions = ""] = line.split(" actions=");
      const parts = head.split(",");
      const number = (key: string) =>
        Number(parts.find((part) => part.startsWith(`${key}=`))?.slice(key.length + 1) ?? 0);
      const match = parts.filter((part) => !/^(cookie|priority|table)=/.test(part));
      return { table: number("table"), priority: number("priority"), match, actions };
    });
}

/** The actions that the frame meets in the end; "drop" where no flow matches. */
export function fateOf(flows: readonly Flow[], frame: Frame, table = 0): string {
  const hits = flows.filter((flow) => flow.table === table && flow.match.every((part) => holds(part, frame)));
  const top = Math.max(...hits.map(({ priority }) => priority));
  const fates = [...new Set(hits.filter(({ priority }) => priority === top).map(({ actions }) => actions))];
  // Open vSwitch does not say which of two equals it takes.
  if (fates.length > 1) throw new Error(`undecided: ${fates.join(" or ")}`);
  const [fate = "drop"] = fates;
  const next = /^resubmit\(,(\d+)\)$/.exec(fate)?.[1];
  return next === undefined ? fate : fateOf(flows, frame, Number(next));
}

function holds(part: string, frame: Frame): boolean {
  const word = WORDS[part];
  if (word !== undefined) return word.test(frame.protocol);
  const [key = "", value = ""] = part.split("=");
  if (key === "in_port") return value === JSON.stringify(frame.port);
  if (key === "ip_frag") return frame.fragment === true;
  const got = frame.fragment && INSIDE.test(key) ? 0 : frame.fields[key];
  if (got === undefined) return false;
  return key.startsWith("dl_") ? sameMac(value, String(got)) : sameValue(value, String(got));
}

function sameMac(value: string, got: string): boolean {
  if (!value.includes(":")) return value === got;
  const [wanted = "", mask = "ff:ff:ff:ff:ff:ff"] = value.split("/");
  const number = (mac: string) => BigInt(`0x${mac.replaceAll(":", "")}`);
  return (number(wanted) & number(mask)) === (number(got) & number(mask));
}

function sameValue(value: string, got: string): boolean {
  if (!/[.:]/.test(value) || /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(value)) return value === got;
  if (!/[.:]/.test(got)) return false;
  const [address = "", prefix] = value.split("/");
  const width = address.includes(":") ? 128 : 32;
  const shift = BigInt(width - Number(prefix ?? width));
  return addressNumber(address) >> shift === addressNumber(got) >> shift;
}
