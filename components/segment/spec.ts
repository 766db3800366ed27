/** The setting `segments.<name>`: an Ethernet across hosts. */
import { IpFamily } from "../../plan/net/family";
import { DEFAULT_ENCAPSULATION, Encapsulation, ENCAPSULATIONS } from "../../plan/net/encap";
import { maxOverlayMtu, tunnelOverhead, UDP_PORTS } from "../../plan/net/encap";
import type { Fields } from "../../plan/setting";
import { UNDERLAY } from "../underlay/spec";
import { DHCP, GATEWAY, HOST_GATEWAY } from "../service/spec";
import type { DhcpSpec, GatewaySpec, HostGatewaySpec } from "../service/spec";

/**
 * How frames for many receivers, or for an unknown address (BUM: broadcast, unknown unicast, multicast), cross the underlay.
 *
 * @example
 * ```ts
 * const red: SegmentSpec = { vni: 100, subnet: "10.0.3.0/24", flooding: Flooding.Multicast };
 * ```
 */
export enum Flooding {
  /** One copy to each remote VTEP, by Open vSwitch: one tunnel port for each (head-end replication). */
  Unicast = "unicast",
  /** One copy to an IP multicast group, by the kernel's vxlan device, plugged into the bridge (RFC 7348 section 4.2). */
  Multicast = "multicast",
  /** No flooding for addresses in the plan: static forwarding and local answers to ARP, by flows on one tunnel port. */
  Flow = "flow",
  /** One copy to each remote VTEP learned by BGP, by the kernel's vxlan device: EVPN (RFC 8365), with ARP answered locally. */
  Evpn = "evpn",
}

/**
 * A segment: its VNI, its subnet, and how its frames cross the underlay.
 *
 * @example
 * ```ts
 * const red: SegmentSpec = { vni: 100, subnet: "10.0.3.0/24", vlan: 20, gateway: { host: "kvm1" } };
 * ```
 */
export interface SegmentSpec {
  /** VXLAN network identifier; 1 to 16777215. */
  vni: number;
  /** How frames are carried over the underlay: geneve (RFC 8926) with unicast only; vxlan, geneve. @default vxlan */
  encapsulation?: Encapsulation;
  /** IPv4 subnet of the containers, /8 to /30. @default none: with subnet6 only */
  subnet?: string;
  /** UDP port of the tunnels; 1024 to 65535. @default 4789, with multicast and evpn 4790, with geneve 6081 */
  udpPort?: number;
  /**
   * MTU inside the segment: with subnet6 at least 1280, at most the default; 576 to 9166 bytes. @default the smallest of
   * its underlays − 50, over IPv6 − 70
   */
  mtu?: number;
  /** VLAN on the bridges; a host may be in one untagged segment; 1 to 4094. @default untagged */
  vlan?: number;
  /** IPv6 subnet of the containers, /64 to /120: beside subnet, or alone. @default none */
  subnet6?: string;
  /** Names of the hosts that take part. @default all */
  hosts?: string[];
  /** How frames for many, or for an unknown address, cross the underlay; unicast, multicast, flow, evpn. @default unicast */
  flooding?: Flooding;
  /** Multicast group; with multicast only. @default computed from the VNI */
  group?: string;
  /** Hops that a packet to the group may take; with multicast only; 1 to 255. @default 16 */
  ttl?: number;
  /** Hub and spoke: the host that all others have their one tunnel to; with unicast only. @default none: full mesh */
  hub?: string;
  /** Each end probes each tunnel once a second (BFD (docs/flooding.md)); with unicast only; true or false. @default false */
  bfd?: boolean;
  /** Addresses of VTEPs that no stack of vxlab has (remotes (docs/flooding.md)); not with flow. @default none */
  remotes?: string[];
  /** A DHCP server for containers whose address is dhcp. @default none */
  dhcp?: DhcpSpec;
  /** A way out: a host of the segment that routes and translates (NAT) towards the underlay. @default none */
  gateway?: GatewaySpec;
  /** Further gateways, each for the containers of its own host. @default none */
  gateways?: HostGatewaySpec[];
  /** Containers can send from their own MAC and addresses only (docs/security.md); true or false. @default true */
  portSecurity?: boolean;
}

const { udpPort } = ENCAPSULATIONS[DEFAULT_ENCAPSULATION];

/** The kernel's vxlan devices cannot share a UDP port with Open vSwitch's vxlan_sys_4789: "Address already in use". */
export const MULTICAST_UDP_PORT = udpPort + 1;

/** As for multicast, whose devices are the kernel's too and share its socket. */
export const EVPN_UDP_PORT = MULTICAST_UDP_PORT;

/** What IPv6 needs of every link (RFC 8200 section 5). */
export const MIN_MTU6 = 1280;

export const SEGMENT = {
  vni: {
    kind: "integer",
    required: true,
    // 24 bits without 0, which Open vSwitch cannot tell from "no key" (RFC 7348 section 5; ovs-vswitchd.conf.db(5)).
    min: 1,
    max: 2 ** 24 - 1,
    names: "a VNI",
    why: "0 means no VNI to Open vSwitch",
    doc: "VXLAN network identifier",
  },
  encapsulation: {
    kind: "choice",
    choices: { [Encapsulation.Vxlan]: "", [Encapsulation.Geneve]: "" },
    default: DEFAULT_ENCAPSULATION,
    doc: "how frames are carried over the underlay: `geneve` (RFC 8926) with `unicast` only",
  },
  subnet: {
    kind: "text",
    usual: "none: with `subnet6` only",
    pattern: "^[0-9.]+/[0-9]{1,2}$",
    doc: "IPv4 subnet of the containers, /8 to /30",
  },
  udpPort: {
    kind: "integer",
    // Open vSwitch and the kernel bind a tunnel's port on every address of the host, whose services answer on the system ports
    // (RFC 6335 section 6): DNS 53, DHCP 67, 68, 546 and 547, NTP 123.
    min: 1024,
    max: 65535,
    names: "a UDP port for tunnels",
    why: "the host's services use those below",
    usual: `${udpPort}, with \`${Flooding.Multicast}\` and \`${Flooding.Evpn}\` ${MULTICAST_UDP_PORT}, with \`${Encapsulation.Geneve}\` ${UDP_PORTS.geneve}`,
    doc: "UDP port of the tunnels",
  },
  mtu: {
    kind: "integer",
    // What every IPv4 host must be able to receive (RFC 791 section 3.1).
    min: 576,
    max: maxOverlayMtu(UNDERLAY.mtu.max, IpFamily.V4),
    unit: "bytes",
    usual: `the smallest of its underlays − ${tunnelOverhead(IpFamily.V4)}, over IPv6 − ${tunnelOverhead(IpFamily.V6)}`,
    doc: `MTU inside the segment: with \`subnet6\` at least ${MIN_MTU6}, at most the default`,
  },
  vlan: {
    kind: "integer",
    // IEEE 802.1Q reserves 0 and 4095.
    min: 1,
    max: 4094,
    names: "a VLAN",
    usual: "untagged",
    doc: "VLAN on the bridges; a host may be in one untagged segment ([sharing](#what-segments-may-share))",
  },
  subnet6: {
    kind: "text",
    pattern: "^[0-9a-fA-F.:]+/[0-9]{1,3}$",
    doc: "IPv6 subnet of the containers, /64 to /120: beside `subnet`, or alone",
  },
  hosts: { kind: "list", fewest: 1, usual: "all", doc: "names of the hosts that take part" },
  flooding: {
    kind: "choice",
    choices: {
      [Flooding.Unicast]: "",
      [Flooding.Multicast]: "",
      [Flooding.Flow]: "",
      [Flooding.Evpn]: "",
    },
    default: Flooding.Unicast,
    doc: "how frames for many, or for an unknown address, cross the underlay ([flooding](#flooding))",
  },
  group: {
    kind: "text",
    usual: "computed from the VNI",
    doc: "multicast group; with `multicast` only",
  },
  ttl: {
    kind: "integer",
    min: 1,
    max: 255,
    names: "a number of hops",
    // OpenNebula's default for the same device; Linux' own default of 1 does not pass the first router.
    default: 16,
    doc: "hops that a packet to the group may take; with `multicast` only",
  },
  hub: {
    kind: "text",
    usual: "none: full mesh",
    doc: "hub and spoke: the host that all others have their one tunnel to; with `unicast` only",
  },
  bfd: {
    kind: "switch",
    default: false,
    doc: "each end probes each tunnel once a second ([BFD](flooding.md#bfd)); with `unicast` only",
  },
  remotes: {
    kind: "list",
    fewest: 1,
    doc: "addresses of VTEPs that no stack of vxlab has ([remotes](flooding.md#remote-vteps)); not with `flow`",
  },
  dhcp: { kind: "section", fields: DHCP, doc: "a DHCP server for containers whose `address` is `dhcp`" },
  gateway: {
    kind: "section",
    fields: GATEWAY,
    doc: "a way out: a host of the segment that routes and translates (NAT) towards the underlay",
  },
  gateways: {
    kind: "list",
    of: { kind: "section", fields: HOST_GATEWAY, doc: "" },
    doc: "further gateways, each for the containers of its own host ([gateways of hosts](#gateways-of-hosts))",
  },
  portSecurity: {
    kind: "switch",
    default: true,
    doc: "containers can send from their own MAC and addresses only ([security.md](security.md#port-security))",
  },
} as const satisfies Fields<SegmentSpec>;
