/** The types of containers and services in a plan. */
import type { ContainerKind } from "../components/container/kinds";
import type { KindSettings } from "../components/container/kinds/spec";
import type { ChainSide } from "../components/container/spec";
import type { PortProtocol } from "../components/container/spec-inside";

/**
 * A station on another host: frames for its MAC go to one VTEP.
 *
 * @example
 * ```ts
 * const entryOf = ({ mac, vtep }: StationPlan) => `${mac} is behind ${vtep}`;
 * ```
 */
export interface StationPlan {
  mac: string;
  /** Without prefix length, IPv4 and IPv6; empty where the plan knows none (DHCP, "none"). */
  addresses: string[];
  /** VTEP of its host. */
  vtep: string;
}

/**
 * A container. Where there are any, `env` is sorted by name; it is not in stack outputs.
 *
 * @example
 * ```ts
 * const addressesOf = ({ interfaces }: ContainerPlan) => interfaces.flatMap(({ addresses }) => addresses);
 * ```
 */
export interface ContainerPlan extends KindSettings {
  name: string;
  host: string;
  kind: ContainerKind;
  /** Empty: the image's own (Docker). */
  command: string[];
  interfaces: InterfacePlan[];
  /** Files that are put into it, sorted by target; absent without any, as the next. Neither is in stack outputs. */
  files?: FilePlan[];
  exec?: ExecPlan[];
  /** Static routes; absent without any, as the next. */
  routes?: RoutePlan[];
  /** In the order in which they are set. */
  sysctls?: SysctlPlan[];
  /** Ports of its host that lead to it; absent without any. */
  ports?: PortPlan[];
}

/**
 * A port of a host that leads to a container.
 *
 * @example
 * ```ts
 * const web: PortPlan = { port: 8080, to: 80, protocol: PortProtocol.Tcp };
 * ```
 */
export interface PortPlan {
  /** Of the host. */
  port: number;
  /** Of the container. */
  to: number;
  protocol: PortProtocol;
}

/**
 * A route of a container.
 *
 * @example
 * ```ts
 * const route: RoutePlan = { to: "10.9.0.0/24", via: "10.0.3.254" };
 * ```
 */
export interface RoutePlan {
  /** Network with prefix length. */
  to: string;
  /** Without prefix length. */
  via: string;
}

/**
 * A kernel setting of a container's network.
 *
 * @example
 * ```ts
 * const forwarding: SysctlPlan = { name: "net/ipv4/ip_forward", value: "1" };
 * ```
 */
export interface SysctlPlan {
  /** Path below /proc/sys. */
  name: string;
  value: string;
}

/**
 * A file to be put into a container.
 *
 * @example
 * ```ts
 * const hosts: FilePlan = { target: "/etc/motd", content: "hello\n", mode: "0644", owner: "0:0" };
 * ```
 */
export interface FilePlan {
  /** Its path in the container. */
  target: string;
  /** What it holds; this or `path`. */
  content?: string;
  /** A file where Pulumi runs. */
  path?: string;
  mode: string;
  owner: string;
}

/**
 * A command to be run in a container.
 *
 * @example
 * ```ts
 * const reload: ExecPlan = { command: ["nginx", "-s", "reload"], timeout: 60 };
 * ```
 */
export interface ExecPlan {
  command: string[];
  /** Seconds. */
  timeout: number;
}

/**
 * One of a container's interfaces.
 *
 * @example
 * ```ts
 * const isTrunk = ({ trunk }: InterfacePlan) => trunk.length > 0;
 * ```
 */
export interface InterfacePlan {
  /** eth0, eth1, … */
  name: string;
  /** Absent on a trunk. */
  segment?: string;
  /** With prefix length, IPv4 first; without the IPv4 one with DHCP, empty on a trunk. */
  addresses: string[];
  dhcp: boolean;
  /**
   * Default route; absent without a gateway of the segment. Only the first interface that has one gets it; none if that interface uses
   * DHCP, which gives it the route too.
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
  /** A router's: networks whose packets it forwards into the segment; absent without any. */
  forwards?: string[];
  /** The side of a transparent middle box. */
  chain?: ChainSide;
}

/**
 * Addresses that a DHCP server lends.
 *
 * @example
 * ```ts
 * const range: DhcpRange = { first: "10.0.3.192", last: "10.0.3.254" };
 * ```
 */
export interface DhcpRange {
  /** Without prefix length. */
  first: string;
  last: string;
}

/**
 * One segment of a trunk.
 *
 * @example
 * ```ts
 * const nameOf = ({ vlan }: TaggedPlan) => `eth0.${vlan}`;
 * ```
 */
export interface TaggedPlan {
  segment: string;
  vlan: number;
  addresses: string[];
  mtu: number;
  portSecurity: boolean;
  /** As an interface's. */
  forwards?: string[];
}

/**
 * A segment's DHCP server and gateway: an interface of their own on the host's bridge.
 *
 * @example
 * ```ts
 * const lends = ({ dhcp }: ServicePlan) => dhcp !== undefined;
 * ```
 */
export interface ServicePlan {
  segment: string;
  host: string;
  /** True: a gateway for the containers of its host, beside the segment's own; absent: the segment's own. */
  further?: boolean;
  /** Interface on the host, at most 15 bytes. */
  device: string;
  mac: string;
  mtu: number;
  vlan?: number;
  /** With prefix length. */
  addresses: string[];
  /** True: routes and translates IPv4 towards the underlay. */
  nat: boolean;
  /** True: the same for IPv6, announced by router advertisements; absent: not. */
  nat6?: boolean;
  /**
   * Of a gateway, what it does not forward to: the underlays, and every host of the lab or of a peer that is outside of
   * them, by its VTEP and its SSH address. Networks and addresses of either family, networks first.
   */
  closed?: string[];
  /** Absent: no DHCP. */
  dhcp?: DhcpPlan;
}

/**
 * What a DHCP server lends.
 *
 * @example
 * ```ts
 * const dhcp: DhcpPlan = { first: "10.0.3.192", last: "10.0.3.254", router: "10.0.3.1", mtu: 1450 };
 * ```
 */
export interface DhcpPlan {
  first: string;
  last: string;
  router?: string;
  mtu: number;
}
