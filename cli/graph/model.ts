/** What a picture of a lab shows, whatever draws it. Pure. */
import type { HostOutput, LabOutput } from "../../plan/contract";
import { ENCAPSULATIONS } from "../../plan/net/encap";
import type { ChainPlan, ContainerPlan, Flooding, InterfacePlan, ServicePlan } from "../../plan/types";
import { isJoint, WAYS } from "../../components/segment/ways";
import { encapsulationOf } from "../../components/segment/port";
import { coloursOf } from "./colours";
import type { Colour } from "./colours";

/** Hosts and containers are in the order of their names as people count: kvm2 before kvm10. */
export interface Picture {
  machines: Machine[];
  /** VTEPs of other labs that tunnels lead to. */
  strangers: Stranger[];
  /** By VNI. */
  segments: Segment[];
  /** Service chains, by name; absent without any. */
  chains?: Chain[];
}

/** Listed: lines of its own for each hop would cross those of the segments. */
interface Chain {
  name: string;
  segment: string;
  /** Names of hops, in order. */
  hops: string[];
  failure: string;
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
  links: Link[];
}

/** An interface, or one VLAN of a trunk. */
interface Link {
  segment: string;
  /** The text beside it. */
  facts: string[];
}

interface Stranger {
  name: string;
  address: string;
}

export interface Segment {
  segment: string;
  vni: number;
  /** VXLAN or GENEVE, "in WireGuard" where the hosts encrypt. */
  encapsulation: string;
  udpPort: number;
  mtu: number;
  flooding: Flooding;
  /** Each host has one port that leads to all others: a multicast group, flows, or EVPN. */
  joint: boolean;
  group?: string;
  /** Host name. */
  hub?: string;
  colour: Colour;
  /** Names of hosts, and of VTEPs of other labs. */
  hosts: string[];
  /** Host names of both ends, each pair once; none where `joint`. */
  tunnels: [string, string][];
}

export function pictureOf(lab: LabOutput): Picture {
  const { chains = [] } = lab;
  return {
    machines: lab.hosts.map((host) => machineOf(host, lab)).sort(byName),
    strangers: strangersOf(lab),
    segments: segmentsOf(lab),
    ...(chains.length === 0 ? {} : { chains: chains.map(chainOf) }),
  };
}

function chainOf({ name, segment, hops, failure }: ChainPlan): Chain {
  return { name, segment, hops: hops.map((hop) => hop.name), failure };
}

/** "chain web-db: c1 → fw → c2, in red, fails closed" */
export function chainLines({ chains = [] }: Picture): string[] {
  return chains.map(
    ({ name, segment, hops, failure }) =>
      `chain ${name}: ${hops.join(" → ")}, in ${segment}, fails ${failure}`,
  );
}

/** Tunnels are lines of their own between two hosts; between more, each segment is a lane or a node. */
export function hasLanes({ machines, strangers }: Picture): boolean {
  return machines.length + strangers.length > 2;
}

/** With a locale, since the order must not depend on the machine's. */
const COUNTING = new Intl.Collator("en", { numeric: true });
const byName = (a: { name: string }, b: { name: string }): number => COUNTING.compare(a.name, b.name);

function segmentsOf(lab: LabOutput): Segment[] {
  const all = new Map(lab.hosts.flatMap(({ ports }) => ports.map((port) => [port.segment, port] as const)));
  const sealed = new Set(
    lab.hosts.flatMap(({ encryption, ports }) =>
      encryption === undefined ? [] : ports.map((port) => port.segment),
    ),
  );
  const sorted = [...all.values()].sort((a, b) => a.vni - b.vni);
  const colours = coloursOf(sorted.map(({ segment }) => segment));
  return sorted.flatMap((port) => {
    const { segment, flooding, group, vni, udpPort, mtu } = port;
    const joint = isJoint(flooding);
    const colour = colours.get(segment);
    const hub = hubOf(lab, segment);
    return colour === undefined
      ? []
      : {
          ...{
            segment,
            vni,
            encapsulation: `${ENCAPSULATIONS[encapsulationOf(port)].title}${sealed.has(segment) ? " in WireGuard" : ""}`,
            udpPort,
            mtu,
            flooding,
            joint,
          },
          ...(group === undefined ? {} : { group }),
          ...(hub === undefined ? {} : { hub }),
          ...{ colour, hosts: membersOf(lab, segment), tunnels: joint ? [] : tunnelsOf(lab, segment) },
        };
  });
}

function hubOf({ hosts }: LabOutput, segment: string): string | undefined {
  return hosts.find(({ ports }) => ports.some((port) => port.segment === segment && !port.protected))?.name;
}

function machineOf({ name, address, bridge }: HostOutput, { containers, services }: LabOutput): Machine {
  const own = containers.filter(({ host }) => host === name).map(containerBox);
  const offered = services.filter(({ host }) => host === name).map(serviceBox);
  return {
    name,
    address,
    bridge: { name: bridge.name, ...(bridge.address === undefined ? {} : { address: bridge.address }) },
    containers: [...own.sort(byName), ...offered.sort(byName)],
  };
}

function containerBox({ name, interfaces }: ContainerPlan): Box {
  return { kind: "container", name, links: interfaces.flatMap(linksOf) };
}

function linksOf({ segment, addresses, dhcp, vlan, trunk }: InterfacePlan): Link[] {
  const facts = [...(dhcp ? ["DHCP"] : []), ...addresses, ...(vlan === undefined ? [] : [`VLAN ${vlan}`])];
  const tagged = trunk.map((one) => ({
    segment: one.segment,
    facts: [...one.addresses, `VLAN ${one.vlan} tagged`],
  }));
  return [...(segment === undefined ? [] : [{ segment, facts }]), ...tagged];
}

function serviceBox({ device, segment, addresses, nat, nat6, dhcp }: ServicePlan): Box {
  const does = [
    ...(nat || nat6 === true ? ["gateway"] : []),
    ...(dhcp === undefined ? [] : [`DHCP ${dhcp.first}-${dhcp.last}`]),
  ];
  return { kind: "service", name: device, links: [{ segment, facts: [...addresses, ...does] }] };
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
  return [...unique.values()].sort(byName);
}

/** The two directions of a tunnel are one line. */
function tunnelsOf(lab: LabOutput, segment: string): [string, string][] {
  const peers = peersOf(lab).filter((peer) => peer.segment === segment);
  const pairs = peers.map(({ from, to }) => [from, to].sort(COUNTING.compare) as [string, string]);
  const unique = new Map(pairs.map((ends) => [ends.join(" "), ends]));
  return [...unique.keys()].sort(COUNTING.compare).flatMap((key) => {
    const ends = unique.get(key);
    return ends === undefined ? [] : [ends];
  });
}

function membersOf(lab: LabOutput, segment: string): string[] {
  const own = lab.hosts.filter(({ ports }) => ports.some((port) => port.segment === segment));
  const others = peersOf(lab).flatMap((peer) => (peer.segment === segment ? [peer.to] : []));
  return [...new Set([...own.map(({ name }) => name), ...others])].sort(COUNTING.compare);
}

/** The label of a tunnel. */
export function tunnelLabel({ segment, vni, udpPort }: Segment): string {
  return `${segment} · VNI ${vni} · UDP ${udpPort}`;
}

/** The lines of a segment's own node or lane. */
export function segmentLines(segment: Segment): string[] {
  const { segment: name, vni, encapsulation, udpPort, mtu } = segment;
  return [
    name,
    `VNI ${vni}`,
    `${encapsulation}, UDP ${udpPort}`,
    `MTU ${mtu}`,
    WAYS[segment.flooding].drawn(segment),
  ];
}

export function boxLines({ name, links }: Box): string[] {
  return [name, ...links.flatMap(({ facts }) => facts)];
}

export function bridgeLines({ name, address }: Machine["bridge"]): string[] {
  return [name, ...(address === undefined ? [] : [address])];
}
