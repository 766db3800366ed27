/** What is decided from a topology: the shape of a plan. */
import type { Encapsulation } from "./net/encap";
import type { ContainerKind, KindSettings } from "../components/container/spec";
import type { HostNeed } from "../components/host/spec";
import type { ImageKind } from "../components/image/spec";
import type { Flooding } from "../components/segment/spec";
import type { Accel, UnderlayMode } from "../components/underlay/spec";
import type { Problem } from "./problem";

/** The whole lab, decided: every list is sorted by name, every default filled in. */
export interface LabPlan {
  /** IP family of underlay and tunnels: 4 or 6. */
  family: number;
  /** One; or, with `underlays`, one for each hypervisor. Empty when all hosts exist already. */
  underlays: UnderlayPlan[];
  image: { kind: ImageKind; path?: string };
  hosts: HostPlan[];
  containers: ContainerPlan[];
  /** DHCP servers and gateways, at most one for each segment. */
  services: ServicePlan[];
  /** What works, but may not be what was meant. */
  hints: Problem[];
}

/** A libvirt network that carries the tunnels. */
export interface UnderlayPlan {
  /** "underlay" when there is only one. */
  name: string;
  cidr: string;
  prefix: number;
  gateway: string;
  mtu: number;
  mode: UnderlayMode;
  /** Empty: none. */
  nameservers: string[];
  libvirtUri?: string;
  accel?: Accel;
}

/** A machine or an existing host. */
export type HostPlan = MachinePlan | ExistingHostPlan;

/** A machine that libvirt makes. */
export interface MachinePlan extends AnyHostPlan {
  kind: "machine";
  /** The underlay that it is on: one of the plan's `underlays`. */
  underlay: UnderlayPlan;
  mac: string;
  /** MiB. */
  memory: number;
  vcpus: number;
}

/** A host that exists already. */
export interface ExistingHostPlan extends AnyHostPlan {
  kind: "existing";
  /** How it is reached. */
  existing: ExistingPlan;
}

interface AnyHostPlan {
  name: string;
  address: string;
  /** Whether it has the host guard (docs/security.md). */
  guard: boolean;
  bridge: BridgePlan;
  /** One for each segment that this host takes part in, sorted by VNI. */
  ports: VxlanPortPlan[];
}

/** How SSH reaches an existing host, and what the host must be able to do. */
export interface ExistingPlan {
  sshAddress: string;
  port: number;
  user: string;
  hostKey: string;
  keyFile: string;
  /** Largest IP packet that its VTEP's interface has to take, bytes. */
  mtu: number;
  /** In the order of HostNeed. */
  needs: HostNeed[];
}

/** The Open vSwitch bridge of a host. */
export interface BridgePlan {
  name: string;
  /** With prefix length; absent when the bridge has none. */
  address?: string;
  mac: string;
  mtu: number;
}

/** A host's attachment to one segment. */
export interface VxlanPortPlan {
  segment: string;
  vni: number;
  /** @default vxlan */
  encapsulation?: Encapsulation;
  udpPort: number;
  /** MTU inside the segment, bytes. */
  mtu: number;
  vlan?: number;
  flooding: Flooding;
  /** False on the hub of hub and spoke, which passes frames on from tunnel to tunnel. */
  protected: boolean;
  /** With Flooding.Multicast. */
  group?: string;
  ttl?: number;
  /** The other VTEPs of the segment (with a hub: the hub, or on it all others), sorted by host name. */
  remotes: { host: string; address: string }[];
  /** With Flooding.Flow: every address of the segment that the plan knows and that is on another host, sorted by MAC. */
  stations?: StationPlan[];
}

/** A station on another host: frames for its MAC go to one VTEP. */
export interface StationPlan {
  mac: string;
  /** Without prefix length, IPv4 and IPv6; empty where the plan knows none (DHCP, "none"). */
  addresses: string[];
  /** VTEP of its host. */
  vtep: string;
}

/** Where there are any, `env` is sorted by name; it is not in stack outputs. */
export interface ContainerPlan extends KindSettings {
  name: string;
  host: string;
  kind: ContainerKind;
  /** Empty: the image's own (Docker). */
  command: string[];
  interfaces: InterfacePlan[];
}

/** One of a container's interfaces. */
export interface InterfacePlan {
  /** eth0, eth1, … */
  name: string;
  /** Absent on a trunk. */
  segment?: string;
  /** With prefix length, IPv4 first; without the IPv4 one with DHCP, empty on a trunk. */
  addresses: string[];
  dhcp: boolean;
  /**
   * Default route; absent without a gateway of the segment. Only the first interface that has one gets it, and none where
   * that takes its address by DHCP, which tells it the route too.
   */
  gateway?: string;
  mac: string;
  mtu: number;
  /** Its interface on the host's side, at most 15 bytes. */
  veth: string;
  vlan?: number;
  /** Tagged segments; empty unless it is a trunk. */
  trunk: TaggedPlan[];
  /** Its host filters what it sends; on a trunk, in at least one VLAN. */
  portSecurity: boolean;
  /** Addresses that the segment's DHCP server lends; with `dhcp`. */
  dhcpRange?: DhcpRange;
}

/** Addresses that a DHCP server lends. */
export interface DhcpRange {
  /** Without prefix length. */
  first: string;
  last: string;
}

/** One segment of a trunk. */
export interface TaggedPlan {
  segment: string;
  vlan: number;
  addresses: string[];
  mtu: number;
  portSecurity: boolean;
}

/** A segment's DHCP server and gateway: an interface of their own on the host's bridge. */
export interface ServicePlan {
  segment: string;
  host: string;
  /** Interface on the host, at most 15 bytes. */
  device: string;
  mac: string;
  mtu: number;
  vlan?: number;
  /** With prefix length. */
  addresses: string[];
  /** True: routes and translates towards the underlay. */
  nat: boolean;
  /**
   * With `nat`, what the gateway does not lead to: the underlays, and every host of the lab or of a peer that is outside of
   * them, by its VTEP and its SSH address. Networks and addresses of either family, networks first.
   */
  closed?: string[];
  /** Absent: no DHCP. */
  dhcp?: DhcpPlan;
}

/** What a DHCP server lends. */
export interface DhcpPlan {
  first: string;
  last: string;
  router?: string;
  mtu: number;
}
