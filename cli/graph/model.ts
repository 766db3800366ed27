/** What a picture of a lab shows, whatever draws it. Pure. */
import type { HostOutput, LabOutput } from "../../plan/contract";
import type { ContainerPlan, InterfacePlan } from "../../plan/types";

export interface Picture {
  machines: Machine[];
  /** VTEPs that tunnels lead to and that are no machine of this lab. */
  strangers: Stranger[];
  /** One for each tunnel, while the mesh is small. */
  tunnels: Tunnel[];
  /** Otherwise one for each segment. */
  clouds: Cloud[];
}

export interface Machine {
  name: string;
  address: string;
  bridge: { name: string; address?: string };
  containers: Box[];
}

/** A container. */
export interface Box {
  name: string;
  /** What else is written on it. */
  facts: string[];
  colour: string;
}

interface Stranger {
  name: string;
  address: string;
}

interface Segment {
  segment: string;
  vni: number;
  udpPort: number;
  mtu: number;
  colour: string;
}

export interface Tunnel extends Segment {
  /** Host names. */
  ends: [string, string];
}

export interface Cloud extends Segment {
  /** Host names. */
  hosts: string[];
}

/** Four machines with one segment, or three with two. Of five with one it would be ten: nobody follows so many lines. */
export const TUNNEL_LIMIT = 6;

/** Told apart by those who see colours otherwise too (Okabe and Ito), dark enough for text on white. */
const COLOURS = ["#0b62a4", "#b8480a", "#087f5b", "#9c3587", "#7a6400", "#444444"];

export function pictureOf(lab: LabOutput): Picture {
  const segments = segmentsOf(lab);
  const tunnels = segments.flatMap((segment) => tunnelsOf(lab, segment));
  const small = tunnels.length <= TUNNEL_LIMIT;
  const colourOf = (name: string) => segments.find(({ segment }) => segment === name)?.colour ?? "#444444";
  return {
    machines: lab.hosts.map((host) => machineOf(host, lab.containers, colourOf, small)),
    strangers: strangersOf(lab),
    tunnels: small ? tunnels : [],
    clouds: small ? [] : segments.map((segment) => ({ ...segment, hosts: membersOf(lab, segment) })),
  };
}

function segmentsOf(lab: LabOutput): Segment[] {
  const all = new Map(lab.hosts.flatMap(({ ports }) => ports.map((port) => [port.segment, port] as const)));
  const sorted = [...all.values()].sort((a, b) => a.vni - b.vni);
  return sorted.map(({ segment, vni, udpPort, mtu }, index) => ({
    segment,
    vni,
    udpPort,
    mtu,
    colour: COLOURS[index % COLOURS.length] ?? "#444444",
  }));
}

function machineOf(
  { name, address, bridge }: HostOutput,
  all: readonly ContainerPlan[],
  colourOf: (segment: string) => string,
  withMac: boolean,
): Machine {
  const own = all.filter(({ host }) => host === name);
  return {
    name,
    address,
    bridge: { name: bridge.name, ...(bridge.address === undefined ? {} : { address: bridge.address }) },
    containers: own.map(({ name, interfaces }) => ({
      name,
      facts: interfaces.flatMap((nic) => factsOf(nic, withMac)),
      colour: colourOf(interfaces[0]?.segment ?? ""),
    })),
  };
}

function factsOf({ addresses, mac, vlan }: InterfacePlan, withMac: boolean): string[] {
  return [...addresses, ...(withMac ? [mac] : []), ...(vlan === undefined ? [] : [`VLAN ${vlan}`])];
}

interface Peer {
  segment: string;
  from: string;
  to: string;
  address: string;
}

function peersOf(lab: LabOutput): Peer[] {
  return lab.hosts.flatMap((host) =>
    host.ports.flatMap(({ segment, tunnels }) =>
      tunnels.map((tunnel) => ({ segment, from: host.name, to: tunnel.host, address: tunnel.address })),
    ),
  );
}

function strangersOf(lab: LabOutput): Stranger[] {
  const own = new Set(lab.hosts.map(({ name }) => name));
  const others = peersOf(lab).filter(({ to }) => !own.has(to));
  const unique = new Map(others.map(({ to, address }) => [to, { name: to, address }]));
  return [...unique.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The two directions of a tunnel are one line. */
function tunnelsOf(lab: LabOutput, segment: Segment): Tunnel[] {
  const peers = peersOf(lab).filter((peer) => peer.segment === segment.segment);
  const pairs = peers.map(({ from, to }) => [from, to].sort() as [string, string]);
  const unique = new Map(pairs.map((ends) => [ends.join(" "), ends]));
  return [...unique.keys()].sort().flatMap((key) => {
    const ends = unique.get(key);
    return ends === undefined ? [] : [{ ...segment, ends }];
  });
}

function membersOf(lab: LabOutput, { segment }: Segment): string[] {
  const peers = peersOf(lab).filter((peer) => peer.segment === segment);
  return [...new Set(peers.flatMap(({ from, to }) => [from, to]))].sort();
}

/** What is written at a tunnel. */
export function tunnelLabel({ vni, udpPort }: Pick<Segment, "vni" | "udpPort">): string {
  return `VNI ${vni} · UDP ${udpPort}`;
}

/** The lines of a segment's own node. */
export function cloudLines(cloud: Cloud): string[] {
  return [`segment ${cloud.segment}`, tunnelLabel(cloud), `MTU ${cloud.mtu}`];
}

export function boxLines({ name, facts }: Box): string[] {
  return [name, ...facts];
}

export function bridgeLines({ name, address }: Machine["bridge"]): string[] {
  return [name, ...(address === undefined ? [] : [address])];
}
