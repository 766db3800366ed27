/** What a picture of a lab shows, whatever draws it. Pure. */
import type { HostOutput, LabOutput } from "../../plan/contract";
import type { ContainerPlan, Flooding, InterfacePlan, ServicePlan } from "../../plan/types";
import { isJoint } from "../../components/segment/ways";

export interface Picture {
  machines: Machine[];
  /** VTEPs of other labs that tunnels lead to. */
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

/** A container, or a segment's service. */
export interface Box {
  kind: "container" | "service";
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
  flooding: Flooding;
  group?: string;
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

/** Four machines with one segment, or three with two. More lines cannot be followed. */
export const TUNNEL_LIMIT = 6;

/** Distinct with colour blindness too (Okabe and Ito), and dark enough for text on white. */
const COLOURS = ["#0b62a4", "#b8480a", "#087f5b", "#9c3587", "#7a6400", "#444444"];

export function pictureOf(lab: LabOutput): Picture {
  const segments = segmentsOf(lab);
  // A multicast group and flows lead to all hosts at once, so they are drawn as a cloud.
  const joint = segments.filter(({ flooding }) => isJoint(flooding));
  const tunnels = segments.filter((one) => !joint.includes(one)).flatMap((one) => tunnelsOf(lab, one));
  const small = tunnels.length <= TUNNEL_LIMIT;
  const colourOf = (name: string) => segments.find(({ segment }) => segment === name)?.colour ?? "#444444";
  return {
    machines: lab.hosts.map((host) => machineOf(host, lab, colourOf, small)),
    strangers: strangersOf(lab),
    tunnels: small ? tunnels : [],
    clouds: (small ? joint : segments).map((segment) => ({ ...segment, hosts: membersOf(lab, segment) })),
  };
}

function segmentsOf(lab: LabOutput): Segment[] {
  const all = new Map(lab.hosts.flatMap(({ ports }) => ports.map((port) => [port.segment, port] as const)));
  const sorted = [...all.values()].sort((a, b) => a.vni - b.vni);
  return sorted.map(({ segment, flooding, group, vni, udpPort, mtu }, index) => ({
    segment,
    flooding,
    ...(group === undefined ? {} : { group }),
    vni,
    udpPort,
    mtu,
    colour: COLOURS[index % COLOURS.length] ?? "#444444",
  }));
}

function machineOf(
  { name, address, bridge }: HostOutput,
  { containers, services }: LabOutput,
  colourOf: ColourOf,
  withMac: boolean,
): Machine {
  const own = containers.filter(({ host }) => host === name);
  const offered = services.filter(({ host }) => host === name);
  return {
    name,
    address,
    bridge: { name: bridge.name, ...(bridge.address === undefined ? {} : { address: bridge.address }) },
    containers: [
      ...own.map((container) => containerBox(container, colourOf, withMac)),
      ...offered.map((service) => serviceBox(service, colourOf)),
    ],
  };
}

type ColourOf = (segment: string) => string;

function containerBox({ name, interfaces }: ContainerPlan, colourOf: ColourOf, withMac: boolean): Box {
  const [first] = interfaces.flatMap(({ segment, trunk }) => segment ?? trunk[0]?.segment ?? []);
  const facts = interfaces.flatMap((nic) => factsOf(nic, withMac));
  return { kind: "container", name, facts, colour: colourOf(first ?? "") };
}

function factsOf({ addresses, dhcp, mac, vlan, trunk }: InterfacePlan, withMac: boolean): string[] {
  return [
    ...(dhcp ? ["DHCP"] : []),
    ...addresses,
    ...(withMac ? [mac] : []),
    ...(vlan === undefined ? [] : [`VLAN ${vlan}`]),
    ...trunk.map((tagged) => `VLAN ${tagged.vlan}: ${tagged.addresses.join(" ")}`),
  ];
}

function serviceBox({ device, segment, addresses, nat, dhcp }: ServicePlan, colourOf: ColourOf): Box {
  const does = [
    ...(nat ? ["gateway"] : []),
    ...(dhcp === undefined ? [] : [`DHCP ${dhcp.first}-${dhcp.last}`]),
  ];
  return { kind: "service", name: device, facts: [...addresses, ...does], colour: colourOf(segment) };
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

/** The label of a tunnel. */
export function tunnelLabel({ vni, udpPort }: Pick<Segment, "vni" | "udpPort">): string {
  return `VNI ${vni} · UDP ${udpPort}`;
}

/** The lines of a segment's own node. */
export function cloudLines(cloud: Cloud): string[] {
  const { segment, flooding, group, mtu } = cloud;
  const how = !isJoint(flooding) ? [] : [group === undefined ? "static flows" : `group ${group}`];
  return [`segment ${segment}`, tunnelLabel(cloud), ...how, `MTU ${mtu}`];
}

export function boxLines({ name, facts }: Box): string[] {
  return [name, ...facts];
}

export function bridgeLines({ name, address }: Machine["bridge"]): string[] {
  return [name, ...(address === undefined ? [] : [address])];
}
