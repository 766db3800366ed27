/** What hosts answer, read: pure functions from the text of ovs-vsctl, ip, lxc-info, ping and tcpdump. */

export interface HostFacts {
  /** The switch's ports by name; undefined when Open vSwitch could not be asked. */
  ports?: ReadonlyMap<string, PortFacts>;
  bridge?: NicFacts;
  containers: ReadonlyMap<string, ContainerFacts>;
  /** What went wrong with the asking, by section: the words of the program that was asked. */
  trouble: ReadonlyMap<string, string>;
}

export interface PortFacts {
  /** -1: the switch has refused it. */
  ofport: number;
  error: string;
  protected: boolean;
  /** The one VLAN of an access port, 0 for untagged frames; undefined: a trunk, of all VLANs unless it names some. */
  tag?: number;
  trunks: boolean;
  options: Readonly<Record<string, string>>;
}

export interface NicFacts {
  mac: string;
  /** Bytes. */
  mtu: number;
  up: boolean;
  /** IPv4, with prefix length. */
  addresses: string[];
}

export interface ContainerFacts {
  state: string;
  /** Of its first process, on the host; 0 when it does not run. */
  pid: number;
  nic?: NicFacts;
}

interface Section {
  head: string[];
  body: string;
}

/** Text divided by lines `== WORD…`; what comes before the first is nobody's. */
export function sections(text: string): Section[] {
  const parts = `\n${text}`.split(/\n== /).slice(1);
  return parts.map((part) => {
    const [first = "", ...rest] = part.split("\n");
    return { head: first.trim().split(/\s+/), body: rest.join("\n").trim() };
  });
}

/** The answer of probe.sh. */
export function parseProbe(text: string): HostFacts {
  const trouble = new Map<string, string>();
  const containers = new Map<string, ContainerFacts>();
  let facts: Pick<HostFacts, "ports" | "bridge"> = {};
  for (const { head, body } of sections(text)) {
    const [kind = "", name = "", state = "ABSENT", pid = "0"] = head;
    const attempt = <T>(read: (body: string) => T): T | undefined => {
      try {
        return read(body);
      } catch {
        trouble.set(kind === "container" ? `container ${name}` : kind, firstLine(body));
        return undefined;
      }
    };
    if (kind === "ovs") facts = { ...facts, ports: attempt(parsePorts) };
    if (kind === "bridge") facts = { ...facts, bridge: attempt(parseNic) };
    if (kind !== "container") continue;
    const nic = body === "" ? undefined : attempt(parseNic);
    containers.set(name, { state, pid: Number(pid), nic });
  }
  return { ...facts, containers, trouble };
}

/** The lines that are JSON. Between them programs complain, such as ovs-vsctl of a processor that is busy elsewhere. */
function jsonLines(body: string): unknown[] {
  const lines = body.split("\n").filter((line) => line.startsWith("{") || line.startsWith("["));
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** Two lines of JSON, the tables Port and Interface (ovs-vsctl(8), "--format=json": the notation of RFC 7047). */
function parsePorts(body: string): Map<string, PortFacts> {
  const [ports, interfaces] = jsonLines(body) as { data: unknown[][] }[];
  if (ports === undefined || interfaces === undefined) throw new SyntaxError("two tables are expected");
  const settings = new Map(ports.data.map(([name, ...rest]) => [name, rest]));
  return new Map(
    interfaces.data.map(([name, ofport, error, options]) => {
      const [isProtected, tag, trunks] = settings.get(name) ?? [];
      return [
        String(name),
        {
          // An empty column is ["set", []].
          ofport: typeof ofport === "number" ? ofport : -1,
          error: typeof error === "string" ? error.trim().replaceAll("\n", "; ") : "",
          protected: isProtected === true,
          ...(typeof tag === "number" ? { tag } : {}),
          trunks: typeof trunks === "number" || (trunks as [string, number[]])[1].length > 0,
          options: Object.fromEntries((options as [string, [string, string][]])[1]),
        },
      ];
    }),
  );
}

interface IpLink {
  address?: string;
  mtu?: number;
  flags?: string[];
  addr_info?: { family: string; local: string; prefixlen: number }[];
}

/** `ip -j address show dev X`: a list of one. */
function parseNic(body: string): NicFacts {
  const [[link] = []] = jsonLines(body) as IpLink[][];
  if (link?.mtu === undefined) throw new SyntaxError("no link in it");
  const addresses = (link.addr_info ?? []).filter(({ family }) => family === "inet");
  return {
    mac: link.address ?? "",
    mtu: link.mtu,
    up: (link.flags ?? []).includes("UP"),
    addresses: addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  };
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

/** How a ping ended. */
export type PingFate = "answered" | "too long" | "no answer" | "not sent";

export interface PingFacts {
  fate: PingFate;
  /** Round trip, ms, of an answer. */
  ms?: number;
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
  const time = /time=([\d.]+) ms/.exec(text);
  const tooLong = /message too long(?:, mtu[=: ]+(\d+))?/i.exec(text);
  const neighbour = /\blladdr ([0-9a-f:]{17})\b/.exec(text)?.[1];
  const complaint = /^(?:ping|nsenter): .*/m.exec(text)?.[0];
  const fate = fateOf(Number(sent?.[1] ?? 0), tooLong !== null, sent !== null);
  return {
    fate,
    ...(time?.[1] === undefined ? {} : { ms: Number(time[1]) }),
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
const OUTER = /IP (\S+)\.\d+ > (\S+)\.(\d+): VXLAN, flags \[.*?\].*, vni (\d+)/;
const INNER = /IP (\S+) > (\S+): ICMP echo (request|reply)/;

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
