/**
 * The two shapes of a lab: what its author writes (Topology) and what is decided from it (LabPlan).
 * Both are plain data: no Pulumi values, no defaults left open, nothing read from outside.
 */

/** How the underlay network reaches the outside (libvirt network `<forward mode>`). */
export enum UnderlayMode {
  /** No way out of the lab: the machines see each other and the hypervisor only. */
  Isolated = "isolated",
  /** The hypervisor translates addresses towards its own network. */
  Nat = "nat",
}

/** What the machines boot. */
export enum ImageKind {
  /** The image that image/build.sh makes: direct kernel boot, busybox init, everything baked in. */
  Golden = "golden",
  /** A stock cloud image (systemd, cloud-init), booted by its own boot loader. */
  Cloud = "cloud",
}

/** What executes the machines' instructions. */
export enum Accel {
  Kvm = "kvm",
  /** QEMU's emulation (TCG): works everywhere, about ten times slower. */
  Emulated = "qemu",
}

/** What the author of a lab writes, key by key the `vxlab:*` settings of Pulumi config. */
export interface Topology {
  underlay: UnderlaySpec;
  image: ImageSpec;
  /** By host name: 1-15 of a-z, 0-9 and -, a DNS label. */
  hosts: Record<string, HostSpec>;
  /** By segment name: 1-15 of a-z, 0-9 and -, not beginning with -. */
  segments: Record<string, SegmentSpec>;
  /** By container name: as a segment's. */
  containers: Record<string, ContainerSpec>;
}

export interface UnderlaySpec {
  /** IPv4 network of the VTEPs. @default "192.168.10.0/24" */
  cidr?: string;
  /** Largest IP packet of the underlay, bytes, 1280-9216. @default 1500 */
  mtu?: number;
  /** @default UnderlayMode.Isolated */
  mode?: UnderlayMode;
}

export interface ImageSpec {
  /** @default ImageKind.Golden */
  kind?: ImageKind;
  /** A qcow2 file where Pulumi runs; required for cloud, built when absent for golden. */
  path?: string;
}

export interface HostSpec {
  /** The host's underlay address and VTEP: an IPv4 literal inside the underlay. */
  address: string;
  /** Address of the bridge's own interface, with prefix length. @default none: no address */
  bridgeAddress?: string;
  /** The bridge's name on this host. @default "vxbr" */
  bridge?: string;
  /** Memory, MiB, at least 128 (golden) or 512 (cloud). @default 256 (golden), 1024 (cloud) */
  memory?: number;
  /** Virtual CPUs, 1-64. @default 1 */
  vcpus?: number;
  /** MAC of the underlay interface. @default computed from lab and host name */
  mac?: string;
}

export interface SegmentSpec {
  /** VXLAN network identifier, 1-16777215 (RFC 7348 section 5). */
  vni: number;
  /** IPv4 subnet of the containers. */
  subnet: string;
  /** UDP port of the VXLAN tunnels. @default 4789 (RFC 7348, IANA) */
  udpPort?: number;
  /** MTU inside the segment. @default underlay MTU - 50 */
  mtu?: number;
  /** VLAN on the hosts' bridges, 1-4094; a bridge holds one untagged segment. @default none: untagged */
  vlan?: number;
}

export interface ContainerSpec {
  /** Name of the host that runs it. */
  host: string;
  /** Name of its segment. @default the only segment there is */
  segment?: string;
  /** Address with the prefix length of the segment's subnet, inside it. */
  address: string;
  /** @default computed from lab and container name */
  mac?: string;
  /** What runs as its first process. @default ["/sbin/init"] (busybox init) */
  command?: string[];
}

/** One thing wrong with a setting; all of them are reported at once. */
export interface Problem {
  /** The setting, as `pulumi config set --path` names it: `hosts.kvm1.address`. */
  path: string;
  /** The value as written; `undefined` when it is missing. */
  got: unknown;
  /** What is wrong, and what to do, in one sentence each. */
  message: string;
  cure: string;
}

/** The whole lab, decided: every list is sorted by name, every default filled in. */
export interface LabPlan {
  underlay: { cidr: string; prefix: number; gateway: string; mtu: number; mode: UnderlayMode };
  image: { kind: ImageKind; path?: string };
  hosts: HostPlan[];
  containers: ContainerPlan[];
}

export interface HostPlan {
  name: string;
  address: string;
  mac: string;
  memory: number;
  vcpus: number;
  bridge: BridgePlan;
  /** One for each segment that this host takes part in, sorted by VNI. */
  ports: VxlanPortPlan[];
}

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
  udpPort: number;
  /** MTU inside the segment, bytes. */
  mtu: number;
  vlan?: number;
  /** The other VTEPs of the segment, sorted by host name. */
  remotes: { host: string; address: string }[];
}

export interface ContainerPlan {
  name: string;
  host: string;
  segment: string;
  address: string;
  mac: string;
  mtu: number;
  /** Its interface on the host's side, at most 15 bytes. */
  veth: string;
  vlan?: number;
  command: string[];
}
