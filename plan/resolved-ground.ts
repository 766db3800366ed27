/** Hosts, underlays and segments that have been read (resolved.ts). */
import type { HOST, HostSpec } from "../components/host/spec";
import type { EvpnSpec } from "../components/router/spec";
import type { Flooding, SEGMENT, SegmentSpec } from "../components/segment/spec";
import type { Accel, UnderlayMode, UnderlaySpec } from "../components/underlay/spec";
import type { InterfaceAddress, Subnet } from "./addresses";
import type { IpFamily } from "./net/family";
import type { Simple } from "./values";

/** The BGP routers. */
export interface ResolvedEvpn {
  /** Undefined: the setting is not written. */
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

/** A host outside the lab. */
export interface Remote {
  host: string;
  /** Its VTEP. */
  address: bigint;
  sshAddress: bigint;
  encryption?: RemoteTunnel;
}

/** The encrypted tunnel's end on a host outside the lab. */
export interface RemoteTunnel {
  address: bigint;
  publicKey: string;
  port: number;
}

export interface Underlays {
  /** Those with machines: none when all hosts exist already. */
  used: readonly ResolvedUnderlay[];
  /** All underlays in the settings, used or not: existing hosts may be on them. */
  written: readonly ResolvedUnderlay[];
  /** False if one has no usable network: then it is unknown which addresses are in it. */
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

/** How the hosts of an underlay encrypt the traffic between them. */
export interface ResolvedEncryption {
  /** Undefined: unusable. */
  network?: Subnet;
  keyVersion: number;
}

/** The encrypted tunnel's end on a host. */
export interface ResolvedTunnel {
  /** The address that VXLAN or GENEVE uses instead of the underlay address. */
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

/** What is needed to read and compute addresses in a segment. It may be usable even if the rest of the segment is not. */
export interface SegmentNetwork {
  name: string;
  /** IPv4; a segment has this, subnet6, or both. */
  subnet?: Subnet;
  subnet6?: Subnet;
  /** A DHCP server, a gateway, or both. */
  service?: ResolvedService;
  /** Gateways for the containers of their hosts, each on a host of its own. */
  gateways?: readonly ResolvedGateway[];
}

export interface ResolvedSegment extends SegmentValues, SegmentNetwork {
  spec: SegmentSpec;
  vni: number;
  udpPort: number;
  mtu: number;
  vlan?: number;
  /** Names of the hosts that take part, including those that were left out for their problems. */
  names: readonly string[];
  /** The hosts of these names. */
  members: readonly ResolvedHost[];
  /** VTEPs of which only the address is known, by name. */
  remotes: readonly Pick<Remote, "host" | "address">[];
  /** True without the setting `hosts`: every host takes part, those of peers too. */
  open: boolean;
  flooding: ResolvedFlooding;
}

/** How a segment floods; each way adds what it needs (components/segment/ways). */
export interface ResolvedFlooding {
  way: Flooding;
}

export interface ResolvedService {
  host: string;
  /** Its own IPv4 address in the segment; absent in a segment with subnet6 only. */
  four?: InterfaceAddress;
  /** Its IPv6 address there: it routes, translates and announces IPv6. */
  six?: InterfaceAddress;
  /** A gateway for IPv4: routes and translates. */
  nat: boolean;
  /** What a DHCP server lends. */
  range?: Range;
}

/** A gateway for the containers of its host. */
export interface ResolvedGateway extends ResolvedService {
  /** The setting. */
  path: string;
}

/** The range includes both. */
export interface Range {
  first: bigint;
  last: bigint;
}
