/** What hosts have answered. */
import type { ContainerKind } from "../../plan/types";

export interface HostFacts {
  /** The switch's ports by name; undefined when Open vSwitch could not be asked. */
  ports?: ReadonlyMap<string, PortFacts>;
  bridge?: NicFacts;
  /** Interfaces of services, by name. */
  services: ReadonlyMap<string, NicFacts>;
  /** The kernel's vxlan devices by name; undefined when it could not be asked. */
  vxlans?: ReadonlyMap<string, VxlanFacts>;
  containers: ReadonlyMap<string, ContainerFacts>;
  /** Files of desired state, of all labs; undefined when the host was not asked. */
  kept?: readonly KeptFacts[];
  /** Every container that runs, and every Docker container, of vxlab or not; undefined as above. */
  boxes?: readonly BoxFacts[];
  /** What the guest tools find not to be as desired; undefined when they could not be asked. */
  drift?: readonly DriftFacts[];
  /** By the kernel's vxlan device of a segment with EVPN. */
  evpn?: ReadonlyMap<string, EvpnFacts>;
  /** Addresses at the other ends of established TCP connections of BGP; undefined when the host was not asked. */
  sessions?: readonly string[];
  /** The lab's id of each bridge of Open vSwitch, "" where it has none. */
  bridges?: ReadonlyMap<string, string>;
  /** Counters of impairments by device; undefined when they were not asked for. */
  queues?: ReadonlyMap<string, QueueFacts>;
  /** The WireGuard device of a host that encrypts; undefined when it could not be asked, or is not there. */
  encryption?: NicFacts;
  /** The output of wg for it; undefined as above. */
  wireguard?: EncryptionFacts;
  /** Packets that the guard has kept from leaving unencrypted; undefined when it has no such rule. */
  stopped?: number;
  /** Age of the last handshake by the peer's public key, seconds, undefined for none; undefined as above. */
  handshakes?: ReadonlyMap<string, number | undefined>;
  /** Errors, by section: the output of the program that failed. */
  trouble: ReadonlyMap<string, string>;
}

export interface PortFacts {
  /** Of its interface: "vxlan", "patch", …; "" where it is an ordinary device. */
  type: string;
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
  /** BFD's state (RFC 5880 section 4.1, in small letters), and why it is not up; absent where nothing probes. */
  bfd?: string;
}

/** Packets since a queue was last changed. */
export interface QueueFacts {
  sent: number;
  lost: number;
}

/** One file of desired state. */
export interface KeptFacts {
  /** bridge, encryption, port, service or container. */
  kind: string;
  step: string;
  /** The lab's id. */
  lab: string;
  /** What distinguishes it from others of its kind: VNI of a port, device of an encryption or a service, else its name. */
  key: string;
}

export interface BoxFacts {
  kind: ContainerKind;
  /** Its name in the runtime. */
  name: string;
  state: string;
  /** The step that made it; absent where only its name is known. */
  step?: string;
}

/** One line of `guest drift` (guest/drift.sh). */
export interface DriftFacts {
  /** encryption, flows, nat, dhcp, guard, security. */
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

/** Public keys, endpoints and addresses, as wg(8) writes them. */
export interface EncryptionFacts {
  publicKey: string;
  port: number;
  /** By public key. */
  peers: ReadonlyMap<string, { endpoint: string; allowed: string }>;
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

/** What a host has learned of a segment by BGP, from its kernel. */
export interface EvpnFacts {
  /** VTEPs that get a copy of each flooded frame. */
  flood: readonly string[];
  /** VTEP by MAC, of what is on other hosts. */
  far: ReadonlyMap<string, string>;
  /** MACs that the host announces to others from static entries. */
  own: readonly string[];
}

export interface ContainerFacts {
  state: string;
  /** Of its first process, on the host; 0 when it does not run. */
  pid: number;
  /** By their names inside; undefined when it could not be asked, or is not running. */
  nics?: ReadonlyMap<string, NicFacts>;
}
