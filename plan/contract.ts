/**
 * The stack output `lab`: a public contract that `vxlab verify`, other programs and other stacks read.
 * It holds no secrets. A change that could break a reader raises `schema`.
 *
 * The output is keyed by name (`PublishedLab`), so that a diff of it names what changes. Readers get lists (`LabOutput`) from
 * published-lab.ts.
 */
import type { Encapsulation } from "./net/encap";
import type { ListedSections, PublishedSections } from "./section-types";
import type { EncryptionOutput, PublishedEncryption } from "./encryption-output";
import { BridgePlan, ContainerPlan, Flooding, ImageKind, RouterPlan, ServicePlan } from "./types";

/** Name of the stack output. */
export const LAB_OUTPUT = "lab";

/** Version of this contract. Version 2 had lists in place of records. */
export const LAB_SCHEMA = 3;

/** Fields that the lab's two forms share. */
export interface LabFacts {
  /** Version of the contract: 3. */
  schema: number;
  /** The random part of every name in libvirt: `vxlab-<id>-…`. */
  id: string;
  /** IP family of underlay and tunnels: 4 or 6. */
  family: number;
  image: ImageKind;
}

/**
 * The stack output `lab`: every record is keyed by name, and each value repeats its name.
 *
 * @example
 * ```ts
 * const vtepOf = (lab: PublishedLab) => lab.hosts["kvm1"]?.address;
 * ```
 */
export interface PublishedLab extends LabFacts, PublishedSections {
  /** One; or one for each hypervisor; none when all hosts exist already. By name. */
  underlays: Record<string, UnderlayOutput>;
  /** By host name. */
  hosts: Record<string, PublishedHost>;
  /** By container name. */
  containers: Record<string, ContainerPlan>;
  /** DHCP servers and gateways, by segment name; further gateways by segment@host. */
  services: Record<string, ServicePlan>;
}

/**
 * A host of a `PublishedLab`.
 *
 * @example
 * ```ts
 * const vniOf = (host: PublishedHost) => host.ports["red"]?.vni;
 * ```
 */
export interface PublishedHost extends HostDescription {
  /** Absent: its tunnels are not encrypted. */
  encryption?: PublishedEncryption;
  /** By segment name. */
  ports: Record<string, PublishedPort>;
}

/**
 * A port of a `PublishedHost`.
 *
 * @example
 * ```ts
 * const remotesOf = (port: PublishedPort) => Object.values(port.tunnels).map(({ address }) => address);
 * ```
 */
export interface PublishedPort extends PortDescription {
  /** The other VTEPs by host name (a peer's: `stack/host`). */
  tunnels: Record<string, TunnelOutput>;
}

/**
 * The lab as readers use it: underlays, hosts and containers are sorted by name, services by segment.
 *
 * @example
 * ```ts
 * const vnisOf = (lab: LabOutput) => lab.hosts.flatMap(({ ports }) => ports.map(({ vni }) => vni));
 * ```
 */
export interface LabOutput extends LabFacts, ListedSections {
  underlays: UnderlayOutput[];
  hosts: HostOutput[];
  containers: ContainerPlan[];
  services: ServicePlan[];
}

/**
 * An underlay. Written out, as everything here: the schema for other languages knows no Pick<> and no nameless types.
 *
 * @example
 * ```ts
 * const hypervisorIn = ({ gateway }: UnderlayOutput) => gateway;
 * ```
 */
export interface UnderlayOutput {
  name: string;
  cidr: string;
  gateway: string;
  mtu: number;
}

/**
 * How an existing host is reached.
 *
 * @example
 * ```ts
 * const login = ({ user, sshAddress, port }: ReachOutput) => `ssh://${user}@${sshAddress}:${port}`;
 * ```
 */
export interface ReachOutput {
  sshAddress: string;
  port: number;
  user: string;
}

/**
 * A tunnel to another VTEP.
 *
 * @example
 * ```ts
 * const where = ({ port, address }: TunnelOutput) => `${port} leads to ${address}`;
 * ```
 */
export interface TunnelOutput {
  /**
   * Name of the port that leads there: with Flooding.Unicast a port in Open vSwitch for each VTEP; else one for all of them,
   * `vf100` (Flooding.Flow) or the kernel's device `vm100` (Flooding.Multicast). None with Flooding.Evpn: BGP knows the others.
   */
  port: string;
  host: string;
  address: string;
}

/** A host without its ports. */
interface HostDescription {
  name: string;
  /** Underlay address: where SSH answers unless `existing` says otherwise; the VTEP unless `encryption` has another. */
  address: string;
  /** The underlay that it is on; absent for an existing host. */
  underlay?: string;
  /** How to reach a host that is not a machine of vxlab; without its private key. */
  existing?: ReachOutput;
  /** Public SSH host key, one authorized_keys line. */
  hostKey: string;
  /** Name of the libvirt domain; absent for an existing host. */
  domain?: string;
  /** Whether it has the host guard (docs/security.md). */
  guard: boolean;
  bridge: BridgePlan;
  /** Where it takes part in EVPN. */
  router?: RouterPlan;
}

/**
 * A host as readers use it.
 *
 * @example
 * ```ts
 * const segmentsOn = ({ ports }: HostOutput) => ports.map(({ segment }) => segment);
 * ```
 */
export interface HostOutput extends HostDescription {
  /** Absent: its tunnels are not encrypted. */
  encryption?: EncryptionOutput;
  /** Sorted by VNI. */
  ports: PortOutput[];
}

/** A host's attachment to one segment, without its tunnels. */
interface PortDescription {
  segment: string;
  vni: number;
  /** How its frames are carried over the underlay. @default vxlan */
  encapsulation?: Encapsulation;
  udpPort: number;
  /** MTU inside the segment, bytes. */
  mtu: number;
  /** VLAN of the segment on the host's bridge, 0 for untagged frames; absent in the output of an earlier vxlab. */
  vlan?: number;
  flooding: Flooding;
  /** False on the hub of hub and spoke. */
  protected: boolean;
  /** With Flooding.Unicast: both ends probe each tunnel by BFD (RFC 5880). @default they do not */
  bfd?: boolean;
  /** With Flooding.Multicast. */
  group?: string;
  /** With Flooding.Multicast: hops that a packet to the group may take. */
  ttl?: number;
}

/**
 * A port as readers use it.
 *
 * @example
 * ```ts
 * const peersOf = ({ tunnels }: PortOutput) => tunnels.map(({ host }) => host);
 * ```
 */
export interface PortOutput extends PortDescription {
  /** The other VTEPs, sorted by host name. */
  tunnels: TunnelOutput[];
}
