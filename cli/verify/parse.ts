/** How hosts say they are, read: pure functions from the text of ovs-vsctl, ip and lxc-info. */

import { jsonLines, parseSwitch } from "./parse-switch";

export interface HostFacts {
  /** The switch's ports by name; undefined when Open vSwitch could not be asked. */
  ports?: ReadonlyMap<string, PortFacts>;
  bridge?: NicFacts;
  /** Interfaces of services, by name. */
  services: ReadonlyMap<string, NicFacts>;
  /** The kernel's vxlan devices by name; undefined when it could not be asked. */
  vxlans?: ReadonlyMap<string, VxlanFacts>;
  containers: ReadonlyMap<string, ContainerFacts>;
  /** Files of desired state, of whatever lab; undefined when the host was not asked. */
  kept?: readonly KeptFacts[];
  /** Every container that runs, and every Docker container, whoever started it; undefined as above. */
  boxes?: readonly BoxFacts[];
  /** What the guest tools find not to be as desired; undefined when they could not be asked. */
  drift?: readonly DriftFacts[];
  /** The lab's id of each bridge of Open vSwitch, "" where it has none. */
  bridges?: ReadonlyMap<string, string>;
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
  /** VLANs of a trunk; empty: all of them. */
  trunks: readonly number[];
  /** Absent: an access port where it has a tag, else a trunk. */
  vlanMode?: string;
  /** Name of its bridge. */
  bridge?: string;
  /** The step that made it, by its name or LAB-NAME; absent when it was not vxlab's. */
  step?: string;
  /** Packets since the port was made. */
  packets?: { in: number; out: number };
  options: Readonly<Record<string, string>>;
}

/** One file of desired state. */
export interface KeptFacts {
  /** bridge, port, service or container. */
  kind: string;
  step: string;
  /** The lab's id. */
  lab: string;
  /** What tells it from others of its kind: VNI of a port, device of a service, else its name. */
  key: string;
}

export interface BoxFacts {
  kind: "lxc" | "docker";
  name: string;
  state: string;
  /** The step that made it; absent where only its name is known. */
  step?: string;
}

/** One line of `guest drift` (guest/drift.sh). */
export interface DriftFacts {
  /** flows, nat, dhcp, guard, security. */
  of: string;
  /** The lab's id, and its step; absent where the tools do not know. */
  lab?: string;
  step?: string;
  found: string;
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
  let facts: Omit<HostFacts, "services" | "containers" | "trouble"> = {};
  for (const { head, body } of sections(text)) {
    const [kind = "", name = "", state = "ABSENT", pid = "0"] = head;
    const attempt = <T>(read: (body: string) => T): T | undefined => {
      try {
        return read(body);
      } catch {
        trouble.set(name === "" || kind === "drift" ? kind : `${kind} ${name}`, firstLine(body));
        return undefined;
      }
    };
    if (kind === "ovs") facts = { ...facts, ...attempt(parseSwitch) };
    if (kind === "kept") facts = { ...facts, kept: lines(body).flatMap(keptOf) };
    if (kind === "boxes") facts = { ...facts, boxes: lines(body).flatMap(boxOf) };
    if (kind === "drift") facts = { ...facts, drift: attempt((text) => parseDrift(text, name)) };
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

function lines(body: string): string[] {
  return body.split("\n").filter((line) => line.trim() !== "");
}

function keptOf(line: string): KeptFacts[] {
  const [kind = "", step = "", lab = "", key] = line.split(" ");
  return key === undefined ? [] : [{ kind, step, lab, key }];
}

function boxOf(line: string): BoxFacts[] {
  const [kind, name, state = "", , step = ""] = line.split(" ");
  if ((kind !== "lxc" && kind !== "docker") || name === undefined) return [];
  return [{ kind, name, state, ...(step === "" ? {} : { step }) }];
}

/** @param code exit code of the guest tools */
function parseDrift(body: string, code: string): DriftFacts[] {
  if (code !== "0") throw new SyntaxError("the guest tools failed");
  return jsonLines(body) as DriftFacts[];
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
