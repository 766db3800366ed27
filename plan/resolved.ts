/**
 * A lab whose settings have been read: defaults filled in, addresses as numbers, names as what they name. Every list is sorted by
 * name. `resolve` makes it, checks and planners take it.
 *
 * A thing with an unusable value that no default replaces is left out, and so is what cannot be without it. Each has been said, and
 * such a lab is never planned.
 */
import type { CheckSpec, ConnectivityKind } from "../components/connectivity/spec";
import type { ChainFailure, ChainSpec } from "../components/chain/spec";
import type { ContainerKind, ContainerSpec, InterfaceSpec, KindSettings } from "../components/container/spec";
import type { HOST, HostSpec } from "../components/host/spec";
import type { ImageKind } from "../components/image/spec";
import type { ResolvedImpairment } from "../components/impairment/resolved";
import type { EvpnSpec } from "../components/router/spec";
import type { Flooding, SEGMENT, SegmentSpec } from "../components/segment/spec";
import type { Accel, UnderlayMode, UnderlaySpec } from "../components/underlay/spec";
import type { InterfaceAddress, Subnet } from "./addresses";
import type { IpFamily } from "./net/family";
import type { Simple } from "./values";
import type { ExecPlan, FilePlan, SysctlPlan } from "./workload-plan";

export interface ResolvedLab {
  /** Stays the same for the lab's whole life: MAC addresses are computed from it. */
  identity: string;
  /** The hypervisor of underlays that name none. */
  libvirtUri?: string;
  underlays: Underlays;
  image: { kind: ImageKind; path?: string };
  hosts: readonly ResolvedHost[];
  segments: readonly ResolvedSegment[];
  containers: readonly ResolvedContainer[];
  impairments: readonly ResolvedImpairment[];
  checks: readonly ResolvedCheck[];
  /** Of the segments that flood by EVPN. */
  evpn: ResolvedEvpn;
  chains: readonly ResolvedChain[];
  /** Hosts of other owners, which every open segment reaches. */
  peers: readonly Remote[];
  /** Underlay networks of other stacks, below an overlay's own hosts and its peers'. */
  networks: readonly Subnet[];
  /** Route reflectors of peers. */
  speakers: readonly Speaker[];
}

/** Who speaks BGP. */
export interface ResolvedEvpn {
  /** Undefined: nobody wrote the setting. */
  spec?: EvpnSpec;
  as: number;
  /** Names of route reflectors, each a host of the lab. */
  reflectors: readonly string[];
}

/** A route reflector of another owner. */
export interface Speaker {
  host: string;
  /** The owner's underlay stack. */
  stack: string;
  address: bigint;
  as: number;
}

/** A host outside of the lab. */
export interface Remote {
  host: string;
  /** Its VTEP. */
  address: bigint;
  sshAddress: bigint;
  encryption?: RemoteTunnel;
}

/** The encrypted tunnel's end on a host outside of the lab. */
export interface RemoteTunnel {
  address: bigint;
  publicKey: string;
  port: number;
}

export interface Underlays {
  /** Those with machines: none when all hosts exist already. */
  used: readonly ResolvedUnderlay[];
  /** Used or not: what is written of the network between hosts that exist already. */
  written: readonly ResolvedUnderlay[];
  /** False when one has no usable network: then an address may be in it. */
  complete: boolean;
  /** Of all tunnels. */
  family: IpFamily;
}

export interface ResolvedUnderlay {
  name: string;
  /** Path of its settings. */
  path: string;
  spec: UnderlaySpec;
  subnet: Subnet;
  /** The hypervisor's address in it. */
  gateway: bigint;
  mtu: number;
  mode: UnderlayMode;
  nameservers: readonly bigint[];
  libvirtUri?: string;
  accel?: Accel;
  /** Undefined: its hosts send plain packets. */
  encryption?: ResolvedEncryption;
}

/** How the hosts of an underlay encrypt what is between them. */
export interface ResolvedEncryption {
  /** Undefined: unusable. */
  network?: Subnet;
  keyVersion: number;
}

/** The encrypted tunnel's end on a host. */
export interface ResolvedTunnel {
  /** What VXLAN or GENEVE uses instead of the underlay address. */
  address: bigint;
  keyVersion: number;
}

/** Every simple value of a host (plan/values.ts) that is not below. */
type HostValues = Omit<Simple<HostSpec, typeof HOST>, "memory" | "vcpus">;

interface AnyHost extends HostValues {
  name: string;
  spec: HostSpec;
  /** Its underlay address, and its VTEP unless `encryption` has another (components/encryption/endpoint.ts). */
  address: bigint;
  encryption?: ResolvedTunnel;
  bridge: string;
  bridgeAddress?: InterfaceAddress;
}

interface ResolvedMachine extends AnyHost {
  kind: "machine";
  underlay: ResolvedUnderlay;
  mac: string;
  memory: number;
  vcpus: number;
}

export interface ResolvedExisting extends AnyHost {
  kind: "existing";
  reach: Reach;
}

export type ResolvedHost = ResolvedMachine | ResolvedExisting;

/** How an existing host is reached. */
export interface Reach {
  sshAddress: bigint;
  port: number;
  user: string;
  hostKey: string;
  keyFile: string;
}

/** Every simple value of a segment (plan/values.ts) that is not below. */
type SegmentValues = Omit<
  Simple<SegmentSpec, typeof SEGMENT>,
  "vni" | "udpPort" | "vlan" | "mtu" | "flooding"
>;

/** What addresses in a segment are read and computed by: usable where the rest of the segment may not be. */
export interface SegmentNetwork {
  name: string;
  subnet: Subnet;
  subnet6?: Subnet;
  /** A DHCP server, a gateway, or both. */
  service?: ResolvedService;
}

export interface ResolvedSegment extends SegmentValues, SegmentNetwork {
  spec: SegmentSpec;
  vni: number;
  udpPort: number;
  mtu: number;
  vlan?: number;
  /** Names of the hosts that take part: also of those that were left out. */
  names: readonly string[];
  /** The hosts of these names. */
  members: readonly ResolvedHost[];
  /** VTEPs of which only the address is known, by name. */
  remotes: readonly Pick<Remote, "host" | "address">[];
  /** Without `hosts` every host takes part, those of peers too. */
  open: boolean;
  flooding: ResolvedFlooding;
}

/** How a segment floods; each way adds what it needs (components/segment/ways). */
export interface ResolvedFlooding {
  way: Flooding;
}

export interface ResolvedService {
  host: string;
  /** Its own address in the segment. */
  address: bigint;
  /** A gateway: routes and translates. */
  nat: boolean;
  /** What a DHCP server lends. */
  range?: Range;
}

/** Both ends belong to it. */
export interface Range {
  first: bigint;
  last: bigint;
}

export interface ResolvedContainer {
  name: string;
  spec: ContainerSpec;
  host: string;
  content: Content;
  /** Empty: the image's own. */
  command: readonly string[];
  files: readonly FilePlan[];
  exec: readonly ExecPlan[];
  routes: readonly ResolvedRoute[];
  sysctls: readonly SysctlPlan[];
  /** eth0, eth1, … */
  nics: readonly ResolvedNic[];
}

/** A route of a container, default routes by its interfaces' gateways among them. */
export interface ResolvedRoute {
  to: Subnet;
  via: bigint;
  /** The place that `via` is in. */
  place: Place;
}

export interface ResolvedCheck {
  name: string;
  spec: CheckSpec;
  from: ResolvedContainer;
  address: bigint;
  /** The container that was named for it. */
  target?: ResolvedContainer;
  kind: ConnectivityKind;
  port?: number;
  path?: string;
  atLeast?: string;
  reach: boolean;
  /** Seconds. */
  within: number;
}

/** What a container is made of. */
export type Content = { kind: ContainerKind } & KindSettings;

interface AnyNic {
  container: string;
  host: string;
  /** 0 is eth0. */
  number: number;
  spec: InterfaceSpec;
  /** Path of one of its settings. */
  at: (key: string) => string;
  mac: string;
}

/** An interface in one segment, untagged inside. */
export interface AccessNic extends AnyNic {
  place: Place;
  trunk?: undefined;
  side?: undefined;
  /** Takes its IPv4 address from the segment's DHCP server. */
  dhcp: boolean;
  /** Has no IPv4 address by its own wish. */
  bare: boolean;
}

/** An interface that carries several segments, tagged. */
export interface TrunkNic extends AnyNic {
  place?: undefined;
  trunk: readonly (Place & { vlan: number })[];
  side?: undefined;
}

/** A side of a transparent middle box: in no segment, without address. */
export interface SideNic extends AnyNic {
  place?: undefined;
  trunk?: undefined;
  side: NonNullable<InterfaceSpec["chain"]>;
}

export type ResolvedNic = AccessNic | TrunkNic | SideNic;

/** An interface's place in one segment. */
export interface Place {
  segment: ResolvedSegment;
  /** Path of the setting that names the segment, and what is written there. */
  path: string;
  got: unknown;
  /** IPv4 first; none that is lent. */
  addresses: readonly AssignedAddress[];
  portSecurity: boolean;
}

export interface AssignedAddress {
  address: bigint;
  subnet: Subnet;
  computed: boolean;
  /** The setting where it is, or may be, written. */
  path: string;
  got: unknown;
}

/** A service chain. */
export interface ResolvedChain {
  name: string;
  spec: ChainSpec;
  failure: ChainFailure;
  segment: ResolvedSegment;
  from: ResolvedHop;
  through: readonly ResolvedHop[];
  to: ResolvedHop;
}

/** An end or a middle box. */
export interface ResolvedHop {
  /** The container's, or that of the gateway (components/chain/spec.ts). */
  name: string;
  host: string;
  /** Its interface in the segment, by number; undefined: the gateway, or a transparent middle box. */
  nic?: number;
  /** Interfaces of a transparent middle box towards both ends, by number. */
  sides?: { in: number; out: number };
}
