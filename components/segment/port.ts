/** A host's attachment to one VNI: what it is made from, what its desired state always has, and what verify expects of it. */
import { endpointOf } from "../encryption/endpoint";
import type { Encapsulation } from "../../plan/net/encap";
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS } from "../../plan/net/encap";
import type { VxlanPortPlan } from "../../plan/lab-plan";

/** Fields of every port's state. Each way to flood adds fields of its own (ways/). */
export interface AnyPortState {
  /** The host's bridge. */
  bridge: string;
  vni: number;
  /** The tunnels' type, as Open vSwitch and iproute2 call it. */
  encapsulation: string;
  /** UDP port of the tunnels. */
  udpPort: number;
  /** The host's own VTEP. */
  local: string;
  /** VLAN of the segment on the bridge; null: untagged. */
  vlan: number | null;
}

/** An interface on another host. */
export interface StationState {
  mac: string;
  /** Without prefix length. */
  addresses: string[];
  /** VTEP of its host. */
  vtep: string;
}

/** What a port is made from: the arguments of VxlanPort, resolved. They are the planned values, most of which a program may leave out. */
export interface PortWanted
  extends Pick<VxlanPortPlan, "vni">, Partial<Omit<VxlanPortPlan, "vni" | "segment" | "remotes" | "bfd">> {
  bridge: string;
  local: string;
  /** @default not known */
  remotes?: string[];
  bfd?: boolean;
}

/** The part of a host in the lab's output that a port's links are computed from. */
export interface LinkHost {
  address: string;
  encryption?: { address: string };
  bridge: { name: string };
  ports: readonly unknown[];
}

/** The same part of a port. */
export interface LinkPort {
  vni: number;
  encapsulation?: Encapsulation;
  udpPort: number;
  /** 0 for untagged frames; absent in the output of an earlier vxlab. */
  vlan?: number;
  protected: boolean;
  bfd?: boolean;
  tunnels: readonly LinkTunnel[];
}

interface LinkTunnel {
  port: string;
  host: string;
  address: string;
}

/** Where a port of Open vSwitch belongs. */
export interface Place {
  bridge: string;
  /** The one VLAN of an access port, 0 for untagged frames, or those of a trunk; undefined: the lab's output does not say. */
  vlans?: number | readonly number[];
}

/** A port of Open vSwitch that leads to others. */
export interface Link {
  port: string;
  /** Type of the interface in Open vSwitch. */
  type: string;
  options: Readonly<Record<string, string>>;
  place: Place;
  /** Undefined if it does not matter, since nothing else is on its bridge. */
  protected?: boolean;
  /** Both ends probe it by BFD. */
  bfd?: true;
  /** The bridge holds other segments as well, whose frames this port must not carry. */
  shared: boolean;
  /** Its tunnel, if it leads to one host. */
  tunnel?: LinkTunnel;
}

/** @param remote as Open vSwitch has it: an address, or `flow` */
export function tunnelTo(host: LinkHost, port: LinkPort, remote: string): Pick<Link, "type" | "options"> {
  const { vni, udpPort } = port;
  return {
    type: ENCAPSULATIONS[encapsulationOf(port)].ovsType,
    options: { remote_ip: remote, local_ip: endpointOf(host), key: String(vni), dst_port: String(udpPort) },
  };
}

/** The default where the lab's output does not say. */
export function encapsulationOf({ encapsulation }: Pick<LinkPort, "encapsulation">): Encapsulation {
  return encapsulation ?? DEFAULT_ENCAPSULATION;
}

/** On the host's bridge. */
export function placeOf({ bridge }: LinkHost, { vlan }: Pick<LinkPort, "vlan">): Place {
  return { bridge: bridge.name, ...(vlan === undefined ? {} : { vlans: vlan }) };
}

export function isShared({ ports }: LinkHost): boolean {
  return ports.length > 1;
}
