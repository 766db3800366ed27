/**
 * The two shapes of a lab: what its author writes (Topology) and what is decided from it (LabPlan, in lab-plan.ts).
 * Both are plain data: no Pulumi values, no defaults left open, nothing read from outside.
 */
export type * from "./lab-plan";

/** How the underlay network reaches the outside (libvirt network `<forward mode>`). */
export enum UnderlayMode {
  /** No way out of the lab: the machines see each other and the hypervisor only. */
  Isolated = "isolated",
  /** The hypervisor translates addresses towards its own network. */
  Nat = "nat",
  /** The hypervisor routes without translation: towards its other routed networks, and wherever its routes lead. */
  Routed = "routed",
}

/** What the machines boot. */
export enum ImageKind {
  /** The image that image/build.sh makes: direct kernel boot, busybox init, everything baked in. */
  Golden = "golden",
  /** The same with Debian's Docker in it, which image/docker.sh makes. */
  Docker = "docker",
  /** A stock cloud image (systemd, cloud-init), booted by its own boot loader. */
  Cloud = "cloud",
}

/** What executes the machines' instructions. */
export enum Accel {
  Kvm = "kvm",
  /** QEMU's emulation (TCG): works everywhere, about ten times slower. */
  Emulated = "qemu",
}

/** How frames for many, or for someone not yet known (BUM: broadcast, unknown unicast, multicast), cross the underlay. */
export enum Flooding {
  /** One copy to each remote VTEP, by Open vSwitch: one tunnel port for each (head-end replication). */
  Unicast = "unicast",
  /** One copy to an IP multicast group, by the kernel's vxlan device, plugged into the bridge (RFC 7348 section 4.2). */
  Multicast = "multicast",
  /** None for what the plan knows: static forwarding and local answers to ARP, by flows on one tunnel port. */
  Flow = "flow",
}

/** What runs a container. */
export enum ContainerKind {
  Lxc = "lxc",
  Docker = "docker",
}

/** What a host must be able to do for what is put on it, beyond bridges, unicast tunnels and LXC. */
export enum HostNeed {
  /** Routes and translates for a segment. */
  Gateway = "gateway",
  /** Lends addresses. */
  Dhcp = "dhcp",
  /** Holds a port with Flooding.Multicast. */
  Multicast = "multicast",
  /** Holds a port with Flooding.Flow. */
  Flow = "flow",
  /** Runs a container of Docker's. */
  Docker = "docker",
  /** Holds the host guard. */
  Guard = "guard",
}

/** What the author of a lab writes, key by key the `vxlab:*` settings of Pulumi config. */
export interface Topology {
  underlay: UnderlaySpec;
  /**
   * Instead of `underlay`, for hosts on several hypervisors: one network on each, by name (as a segment's). A host is on
   * the one whose `cidr` holds its address. They must reach each other by routes of the hypervisors. @default none
   */
  underlays?: Record<string, UnderlaySpec>;
  image: ImageSpec;
  /** By host name: 1-15 of a-z, 0-9 and -, a DNS label. */
  hosts: Record<string, HostSpec>;
  /** By segment name: 1-15 of a-z, 0-9 and -, not beginning with -. */
  segments: Record<string, SegmentSpec>;
  /** By container name: as a segment's. */
  containers: Record<string, ContainerSpec>;
}

export interface UnderlaySpec {
  /** IPv4 or IPv6 network of the VTEPs; one family in a lab. @default "192.168.10.0/24" */
  cidr?: string;
  /** The hypervisor's libvirt URI; in `underlays` only. @default the lab's `libvirtUri` */
  libvirtUri?: string;
  /** What executes the machines' instructions there; in `underlays` only. @default the lab's `accel` */
  accel?: Accel;
  /** Largest IP packet of the underlay, bytes, 1280-9216. @default 1500 */
  mtu?: number;
  /** @default UnderlayMode.Isolated; in `underlays` UnderlayMode.Routed */
  mode?: UnderlayMode;
  /**
   * Name servers of the machines, at most 3 addresses of the underlay's family; `[]` for none. @default the hypervisor's
   * address, where libvirt's dnsmasq asks whom the hypervisor asks; UnderlayMode.Isolated: none
   */
  nameservers?: string[];
}

export interface ImageSpec {
  /** @default ImageKind.Golden */
  kind?: ImageKind;
  /** A qcow2 file where Pulumi runs; required for cloud, built when absent for golden and docker. */
  path?: string;
}

export interface HostSpec {
  /** The host's underlay address and VTEP: a literal inside the underlay (an existing host's may be outside). */
  address: string;
  /** A machine that is there already and is reached by SSH, instead of one that libvirt makes. @default none */
  existing?: ExistingSpec;
  /** Address of the bridge's own interface, with prefix length. @default none: no address */
  bridgeAddress?: string;
  /** The bridge's name on this host. @default "vxbr" */
  bridge?: string;
  /** Memory, MiB, at least 128 (golden), 256 (docker) or 512 (cloud). @default 256 (golden), 512 (docker), 1024 (cloud) */
  memory?: number;
  /** Virtual CPUs, 1-64. @default 1 */
  vcpus?: number;
  /** MAC of the underlay interface. @default computed from lab and host name */
  mac?: string;
  /** The host guard: packet filter rules between segments, this host and the underlay (docs/security.md). @default true */
  guard?: boolean;
}

/** How a host that is there already is reached. Nothing is sent before its key is verified. */
export interface ExistingSpec {
  /** Its public SSH host key, one line as in /etc/ssh/ssh_host_ed25519_key.pub. */
  hostKey: string;
  /** Private key that may log in, a file where Pulumi runs. @default ~/.ssh/id_ed25519 */
  keyFile?: string;
  /** @default "root" */
  user?: string;
  /** TCP port of SSH. @default 22 */
  port?: number;
  /** Address for SSH where it is not the VTEP's. @default the host's `address` */
  sshAddress?: string;
}

export interface SegmentSpec {
  /** VXLAN network identifier, 1-16777215 (RFC 7348 section 5). */
  vni: number;
  /** IPv4 subnet of the containers. */
  subnet: string;
  /** UDP port of the VXLAN tunnels, 1024-65535. @default 4789 (RFC 7348, IANA); with Flooding.Multicast 4790 */
  udpPort?: number;
  /** MTU inside the segment, bytes. @default the smallest MTU of its underlays - 50, over IPv6 - 70 */
  mtu?: number;
  /** VLAN on the hosts' bridges, 1-4094; a bridge holds one segment of each VLAN, and one untagged. @default none: untagged */
  vlan?: number;
  /** IPv6 subnet of the containers, /64 to /120; gives each a second address. @default none */
  subnet6?: string;
  /** Hosts that take part, by name. @default all */
  hosts?: string[];
  /** @default Flooding.Unicast */
  flooding?: Flooding;
  /** Multicast group; with Flooding.Multicast only. @default 239.b.c.d or ff05::b:c:d of the VNI's bytes */
  group?: string;
  /** Hops that a packet to the group may take, 1-255; with Flooding.Multicast only. @default 16 */
  ttl?: number;
  /** Hub and spoke: the host that all others have their one tunnel to. @default none: full mesh */
  hub?: string;
  /** A DHCP server for containers whose address is "dhcp", on one host of the segment. @default none */
  dhcp?: DhcpSpec;
  /** A way out: a host of the segment that routes and translates (NAT) towards the underlay. @default none */
  gateway?: GatewaySpec;
  /** Port security of its containers: they can send from their own MAC and addresses only. @default true */
  portSecurity?: boolean;
}

export interface DhcpSpec {
  /** The host that serves. With `gateway` it must be the same. */
  host: string;
  /** First and last address that is lent, without prefix length. @default the upper quarter of the subnet */
  first?: string;
  last?: string;
}

export interface GatewaySpec {
  host: string;
  /** Its address in the segment, without prefix length. @default the first of the subnet */
  address?: string;
}

/** One interface may be written on the container itself; several are written as `interfaces`, not both. */
export interface ContainerSpec extends InterfaceSpec {
  /** Name of the host that runs it. */
  host: string;
  /** What runs it. @default ContainerKind.Lxc */
  kind?: ContainerKind;
  /** Docker image by its name, of a registry or on the host already; this or `archive`, with ContainerKind.Docker only. */
  image?: string;
  /** Docker image as a file of `docker save`, where Pulumi runs; this or `image`, with ContainerKind.Docker only. */
  archive?: string;
  /**
   * Environment variables of the container; with ContainerKind.Docker only. They override the image's. Names and values
   * are any text without NUL, names also without "=". @default the image's own
   */
  env?: Record<string, string>;
  /**
   * What runs as its first process. @default ["/sbin/init"] (busybox init); with Docker the image's entry point and
   * command, both of which this replaces
   */
  command?: string[];
  /** eth0, eth1, … in this order, at most 8. @default the one that is written on the container */
  interfaces?: InterfaceSpec[];
}

export interface InterfaceSpec {
  /** Name of its segment. @default the only segment there is */
  segment?: string;
  /**
   * Address with the prefix length of the segment's subnet, inside it; or "dhcp"; or "none".
   * @default computed from segment and container name: it stays when others come and go
   */
  address?: string;
  /** The same for the segment's `subnet6`. @default computed; none without a subnet6 */
  address6?: string;
  /** @default computed from lab and container name (and the interface's number, from the second) */
  mac?: string;
  /**
   * Segments, all with a VLAN, that this interface carries tagged, instead of `segment`. Inside, eth0.VLAN is made for
   * each, with a computed address. @default none
   */
  trunk?: string[];
  /**
   * Port security: it can send from its own MAC and addresses only, and no DHCP answers, router advertisements or
   * redirects. @default the container's, else the segment's
   */
  portSecurity?: boolean;
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
