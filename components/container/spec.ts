/** The setting `containers.<name>`, and the interfaces of a container. */
import type { Fields } from "../../plan/setting";
import { EXEC, FILE, ROUTE, type ExecSpec, type FileSpec, type RouteSpec } from "./spec-inside";
import { ChainSide } from "./chain-side";
import { CONTAINER_WORDS, ContainerKind } from "./kinds";
import { KIND } from "./kinds/spec";
import type { KindSettings } from "./kinds/spec";

export { ChainSide };

/**
 * A single interface may be written on the container itself, several as `interfaces`; not both.
 *
 * @example
 * ```ts
 * const c1: ContainerSpec = { host: "kvm1", segment: "red", address: "10.0.3.10/24" };
 * ```
 */
export interface ContainerSpec extends InterfaceSpec, KindSettings {
  /** Name of the host that runs it. */
  host: string;
  /** What runs it; lxc, docker. @default lxc */
  kind?: ContainerKind;
  /**
   * First process, a list of words of which the first must not be empty; with docker it replaces entry point and
   * command; it is an error when it ends. @default [/sbin/init]; with docker the image's
   */
  command?: string[];
  /**
   * A list of interfaces, eth0, eth1, …, each with the keys above, instead of a single interface on the container
   * itself; at most 8. @default the one written on the container
   */
  interfaces?: InterfaceSpec[];
  /** Files by their path in the container, at most 256 KiB each. @default none */
  files?: Record<string, FileSpec>;
  /**
   * Commands that run as root in the container, after its start and after each change of these or of files; at most 20.
   * @default none
   */
  exec?: ExecSpec[];
  /** Routes, each with to and via. @default none */
  routes?: RouteSpec[];
  /** Kernel settings of its network, such as net.ipv4.ip_forward. @default none */
  sysctls?: Record<string, string>;
  /** TCP and UDP ports of its host that lead to it, such as 8080:80 or 5353:53/udp; at most 32. @default none */
  ports?: string[];
}

/**
 * One of a container's interfaces.
 *
 * @example
 * ```ts
 * const trunk: InterfaceSpec = { trunk: ["red", "blue"] };
 * ```
 */
export interface InterfaceSpec {
  /** Its segment. @default the only one */
  segment?: string;
  /** Address with the subnet's prefix length, or dhcp, or none. @default computed */
  address?: string;
  /** The same in subnet6, or none. @default computed */
  address6?: string;
  /** MAC inside the container. @default computed */
  mac?: string;
  /**
   * Instead of segment: segments with a VLAN, which eth0 carries tagged, each as eth0.<vlan> with an address of
   * addresses, else a computed one. @default none
   */
  trunk?: string[];
  /**
   * Instead of segment: a side of a transparent middle box (docs/chains.md), without address; in (towards from), out
   * (towards to). @default none
   */
  chain?: ChainSide;
  /**
   * It can send from its own MAC and addresses only (docs/security.md); true or false. @default the container's, else
   * the segment's
   */
  portSecurity?: boolean;
  /**
   * IPv4 default route: a container of the segment by name, an address there, or none. @default the segment's gateway,
   * if it has one
   */
  gateway?: string;
  /** The same for IPv6. @default none */
  gateway6?: string;
  /**
   * For routers: networks whose packets it forwards into this segment, which port security then lets pass. @default with
   * forwarding in sysctls, what its routes lead to
   */
  forwards?: string[];
  /** Of a trunk: segments to IPv4 addresses with prefix length, or none. @default computed */
  addresses?: Record<string, string>;
  /** The same for IPv6. @default computed */
  addresses6?: Record<string, string>;
}

/** LXC has no limit of its own. */
const MAX_INTERFACES = 8;

export const INTERFACE = {
  segment: { kind: "text", usual: "the only one", doc: "its segment" },
  address: {
    kind: "text",
    usual: "computed",
    doc: "address with the subnet's prefix length, or `dhcp`, or `none`",
  },
  address6: { kind: "text", usual: "computed", doc: "the same in `subnet6`, or `none`" },
  mac: { kind: "text", usual: "computed", doc: "MAC inside the container" },
  trunk: {
    kind: "list",
    fewest: 1,
    doc: "instead of `segment`: segments with a VLAN, which eth0 carries tagged, each as `eth0.<vlan>` with an address of `addresses`, else a computed one",
  },
  chain: {
    kind: "choice",
    choices: { [ChainSide.In]: "towards `from`", [ChainSide.Out]: "towards `to`" },
    doc: "instead of `segment`: a side of a transparent middle box ([chains.md](chains.md)), without address",
  },
  portSecurity: {
    kind: "switch",
    default: true,
    usual: "the container's, else the segment's",
    doc: "it can send from its own MAC and addresses only ([security.md](security.md#port-security))",
  },
  gateway: {
    kind: "text",
    usual: "the segment's gateway, if it has one",
    doc: "IPv4 default route: a container of the segment by name, an address there, or `none`",
  },
  gateway6: { kind: "text", doc: "the same for IPv6" },
  forwards: {
    kind: "list",
    usual: "with forwarding in `sysctls`, what its routes lead to",
    doc: "for routers: networks whose packets it forwards into this segment, which port security then lets pass ([routers](#routers))",
  },
  addresses: {
    kind: "texts",
    usual: "computed",
    doc: "of a trunk: segments to IPv4 addresses with prefix length, or `none`",
  },
  addresses6: { kind: "texts", usual: "computed", doc: "the same for IPv6" },
} as const satisfies Fields<InterfaceSpec>;

const KIND_CHOICES = Object.fromEntries(CONTAINER_WORDS.map((word) => [word, ""])) as Record<
  ContainerKind,
  string
>;

export const CONTAINER = {
  host: { kind: "text", required: true, doc: "name of the host that runs it" },
  kind: {
    kind: "choice",
    choices: KIND_CHOICES,
    default: ContainerKind.Lxc,
    doc: "what runs it ([docker](#docker-containers))",
  },
  ...KIND,
  command: {
    kind: "list",
    usual: "`[/sbin/init]`; with `docker` the image's",
    doc: "first process, a list of words of which the first must not be empty; with `docker` it replaces entry point and command; it is an error when it ends",
  },
  ...INTERFACE,
  interfaces: {
    kind: "list",
    of: { kind: "section", fields: INTERFACE, doc: "" },
    fewest: 1,
    most: MAX_INTERFACES,
    usual: "the one written on the container",
    doc: "a list of interfaces, eth0, eth1, …, each with the keys above, instead of a single interface on the container itself",
  },
  files: {
    kind: "named",
    each: { kind: "section", fields: FILE, doc: "a file" },
    doc: "files by their path in the container, at most 256 KiB each ([files](#files-and-commands))",
  },
  exec: {
    kind: "list",
    of: { kind: "section", fields: EXEC, doc: "" },
    most: 20,
    doc: "commands that run as root in the container, after its start and after each change of these or of `files` ([exec](#files-and-commands))",
  },
  routes: {
    kind: "list",
    of: { kind: "section", fields: ROUTE, doc: "" },
    doc: "routes, each with `to` and `via` ([routers](#routers))",
  },
  sysctls: {
    kind: "texts",
    doc: "kernel settings of its network, such as `net.ipv4.ip_forward` ([routers](#routers))",
  },
  ports: {
    kind: "list",
    most: 32,
    doc: "TCP and UDP ports of its host that lead to it, such as `8080:80` or `5353:53/udp` ([ports](#ports-of-a-host))",
  },
} as const satisfies Fields<ContainerSpec>;
