/** The types of a plan, which is made from a topology. */
import type { Encapsulation } from "./net/encap";
import type { HostNeed } from "../components/host/spec";
import type { ImageKind } from "../components/image/spec";
import type { Flooding } from "../components/segment/spec";
import type { Accel, UnderlayMode } from "../components/underlay/spec";
import type { Problem } from "./problem";
import type { EncryptionPlan } from "./encryption-plan";
import type { SectionPlans } from "./section-types";
import type { ContainerPlan, ServicePlan, StationPlan } from "./workload-plan";

export type * from "./encryption-plan";
export type * from "./section-types";
export type * from "./workload-plan";

/**
 * The whole lab, decided: every list is sorted by name, every default filled in.
 *
 * @example
 * ```ts
 * const plan: LabPlan = planLab({ hosts: { kvm1: { address: "192.168.10.11" } } }, { lab: "demo" });
 * const needs = plan.hosts.map((host) => (host.kind === "existing" ? host.existing.needs : []));
 * ```
 */
export interface LabPlan extends SectionPlans {
  /** IP family of underlay and tunnels: 4 or 6. */
  family: number;
  /** One; or, with `underlays`, one for each hypervisor. Empty when all hosts exist already. */
  underlays: UnderlayPlan[];
  image: { kind: ImageKind; path?: string };
  hosts: HostPlan[];
  containers: ContainerPlan[];
  /** DHCP servers and gateways, at most one for each segment on a host. */
  services: ServicePlan[];
  /** Settings that work, but may not be what was meant. */
  hints: Problem[];
  /** The EVPN settings, for other owners. */
  evpn?: EvpnPlan;
}

/**
 * A lab's route reflectors, for other owners.
 *
 * @example
 * ```ts
 * const count = ({ reflectors }: EvpnPlan) => reflectors.length;
 * ```
 */
export interface EvpnPlan {
  as: number;
  /** Host names. */
  reflectors: string[];
}

/**
 * A libvirt network that carries the tunnels.
 *
 * @example
 * ```ts
 * const hostsIn = ({ cidr, mode }: UnderlayPlan) => `${cidr}, ${mode}`;
 * ```
 */
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
  /** Of its hosts' encrypted tunnels; absent: they are plain. */
  tunnelCidr?: string;
}

/** A machine or an existing host. */
export type HostPlan = MachinePlan | ExistingHostPlan;

/**
 * A machine that libvirt makes.
 *
 * @example
 * ```ts
 * const mtuOf = ({ underlay }: MachinePlan) => underlay.mtu;
 * ```
 */
export interface MachinePlan extends AnyHostPlan {
  kind: "machine";
  /** The underlay that it is on: one of the plan's `underlays`. */
  underlay: UnderlayPlan;
  mac: string;
  /** MiB. */
  memory: number;
  vcpus: number;
}

/**
 * A host that exists already.
 *
 * @example
 * ```ts
 * const needsOf = ({ existing }: ExistingHostPlan) => existing.needs;
 * ```
 */
export interface ExistingHostPlan extends AnyHostPlan {
  kind: "existing";
  /** How it is reached. */
  existing: ExistingPlan;
}

interface AnyHostPlan {
  name: string;
  address: string;
  /** Absent: its tunnels are not encrypted. */
  encryption?: EncryptionPlan;
  /** Whether it has the host guard (docs/security.md). */
  guard: boolean;
  bridge: BridgePlan;
  /** One for each segment that this host takes part in, sorted by VNI. */
  ports: VxlanPortPlan[];
  /** Where it takes part in EVPN. */
  router?: RouterPlan;
}

/**
 * The BGP router of a host: all hosts that are not reflectors have the same.
 *
 * @example
 * ```ts
 * const sessions = ({ neighbours }: RouterPlan) => neighbours.map(({ address }) => address);
 * ```
 */
export interface RouterPlan {
  /** Autonomous system number. */
  as: number;
  /** Passes routes on, and accepts sessions from all addresses in `listen`. */
  reflector: boolean;
  /** Those that it opens sessions with, sorted by host: reflectors, and of a reflector the peers' reflectors. */
  neighbours: NeighbourPlan[];
  /** Of a reflector: networks, in CIDR notation. */
  listen?: string[];
  /** Of a reflector: addresses and ranges of addresses that the host guard lets in. */
  clients?: string[];
}

/**
 * A router at the other end of a session.
 *
 * @example
 * ```ts
 * const isForeign = ({ as }: NeighbourPlan) => as !== 65000;
 * ```
 */
export interface NeighbourPlan {
  /** Host name; a peer's: `stack/host`. */
  host: string;
  address: string;
  as: number;
}

/**
 * How SSH reaches an existing host, and what the host must be able to do.
 *
 * @example
 * ```ts
 * const loginOf = ({ user, sshAddress, port }: ExistingPlan) => `ssh://${user}@${sshAddress}:${port}`;
 * ```
 */
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

/**
 * The Open vSwitch bridge of a host.
 *
 * @example
 * ```ts
 * const bridgesOf = (plan: LabPlan): BridgePlan[] => plan.hosts.map(({ bridge }) => bridge);
 * ```
 */
export interface BridgePlan {
  name: string;
  /** With prefix length; absent when the bridge has none. */
  address?: string;
  mac: string;
  mtu: number;
}

/**
 * A host's attachment to one segment.
 *
 * @example
 * ```ts
 * const remotesOf = ({ remotes }: VxlanPortPlan) => remotes.map(({ address }) => address);
 * ```
 */
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
  /** With Flooding.Unicast: both ends probe each tunnel by BFD (RFC 5880). */
  bfd?: true;
  /** With Flooding.Multicast. */
  group?: string;
  ttl?: number;
  /** The other VTEPs of the segment (with a hub: the hub, or on it all others), sorted by host name. */
  remotes: { host: string; address: string }[];
  /** With Flooding.Evpn, whose `remotes` are empty: addresses and address ranges of VTEPs whose packets the host guard accepts. */
  senders?: string[];
  /** With Flooding.Flow: every address of the segment that the plan knows and that is on another host, sorted by MAC. */
  stations?: StationPlan[];
}
