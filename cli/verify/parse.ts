/** How hosts say they are, read: pure functions from the text of ovs-vsctl, ip and lxc-info. */

export interface HostFacts {
  /** The switch's ports by name; undefined when Open vSwitch could not be asked. */
  ports?: ReadonlyMap<string, PortFacts>;
  bridge?: NicFacts;
  /** Interfaces of services, by name. */
  services: ReadonlyMap<string, NicFacts>;
  /** The kernel's vxlan devices by name; undefined when it could not be asked. */
  vxlans?: ReadonlyMap<string, VxlanFacts>;
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
  /** With prefix length, IPv4 first; no link-local ones, which every interface has. */
  addresses: string[];
}

/** A vxlan device of the kernel. */
export interface VxlanFacts {
  vni: number;
  udpPort: number;
  group: string;
  /** Hops that a packet to the group may take. */
  ttl: number;
  up: boolean;
}

export interface ContainerFacts {
  state: string;
  /** Of its first process, on the host; 0 when it does not run. */
  pid: number;
  /** By the names that they have inside; undefined when it could not be asked, or does not run. */
  nics?: ReadonlyMap<string, NicFacts>;
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
  const services = new Map<string, NicFacts>();
  let facts: Pick<HostFacts, "ports" | "bridge" | "vxlans"> = {};
  for (const { head, body } of sections(text)) {
    const [kind = "", name = "", state = "ABSENT", pid = "0"] = head;
    const attempt = <T>(read: (body: string) => T): T | undefined => {
      try {
        return read(body);
      } catch {
        trouble.set(name === "" ? kind : `${kind} ${name}`, firstLine(body));
        return undefined;
      }
    };
    if (kind === "ovs") facts = { ...facts, ports: attempt(parsePorts) };
    if (kind === "bridge") facts = { ...facts, bridge: attempt(parseNic) };
    if (kind === "vxlan") facts = { ...facts, vxlans: attempt(parseVxlans) };
    if (kind === "service") {
      const nic = attempt(parseNic);
      if (nic !== undefined) services.set(name, nic);
    }
    if (kind !== "container") continue;
    const nics = body === "" ? undefined : attempt(parseNics);
    containers.set(name, { state, pid: Number(pid), nics });
  }
  return { ...facts, services, containers, trouble };
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
  ifname?: string;
  address?: string;
  mtu?: number;
  flags?: string[];
  addr_info?: { family: string; local: string; prefixlen: number; scope?: string }[];
  linkinfo?: { info_data?: { id?: number; port?: number; group?: string; group6?: string; ttl?: number } };
}

/** `ip -j address show dev X`: a list of one. */
function parseNic(body: string): NicFacts {
  const [nic] = parseNics(body).values();
  if (nic === undefined) throw new SyntaxError("no link in it");
  return nic;
}

/** `ip -j address show`. */
function parseNics(body: string): Map<string, NicFacts> {
  const links = linksIn(body).filter((link) => link.mtu !== undefined);
  if (links.length === 0) throw new SyntaxError("no link in it");
  return new Map(links.map((link) => [link.ifname ?? "", nicOf(link)]));
}

function nicOf({ address = "", mtu = 0, flags = [], addr_info = [] }: IpLink): NicFacts {
  const of = (wanted: string) =>
    addr_info.filter(({ family, scope }) => family === wanted && scope !== "link");
  return {
    mac: address,
    mtu,
    up: flags.includes("UP"),
    addresses: [...of("inet"), ...of("inet6")].map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  };
}

/** `ip -j -d link show type vxlan`; nothing where there is none. */
function parseVxlans(body: string): Map<string, VxlanFacts> {
  if (body.trim() === "") return new Map();
  return new Map(
    linksIn(body).map(({ ifname = "", flags = [], linkinfo }) => {
      const { id = 0, port = 0, group, group6 = "", ttl = 0 } = linkinfo?.info_data ?? {};
      return [ifname, { vni: id, udpPort: port, group: group ?? group6, ttl, up: flags.includes("UP") }];
    }),
  );
}

/** iproute2 prints an empty object for every link that a filter leaves out. */
function linksIn(body: string): IpLink[] {
  const [links] = jsonLines(body) as IpLink[][];
  if (links === undefined) throw new SyntaxError("no list in it");
  return links.filter((link) => Object.keys(link).length > 0);
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
