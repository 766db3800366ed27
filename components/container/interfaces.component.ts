/** The interfaces of a container of any kind. */
import * as pulumi from "@pulumi/pulumi";

/**
 * An interface of a container.
 *
 * @example
 * ```ts
 * const eth0: ContainerInterfaceArgs = { bridge, vlan: 20, addresses: ["10.0.3.10/24"] };
 * ```
 */
export interface ContainerInterfaceArgs {
  /** The host's bridge that it is on. */
  bridge: pulumi.Input<string>;
  /** MAC inside. @default computed from organization, project, stack, the resource's name and the interface's number */
  mac?: pulumi.Input<string>;
  /** Its other end on the host, at most 15 bytes. @default `v-` and the container's name, shortened to fit */
  veth?: pulumi.Input<string>;
  /** IPv4 and IPv6 addresses, with prefix length. @default none */
  addresses?: pulumi.Input<pulumi.Input<string>[]>;
  /** Gets its IPv4 address, its MTU and its default route from the segment's DHCP server. @default false */
  dhcp?: pulumi.Input<boolean>;
  /** Default route, IPv4; an LXC container gets its host's name servers with it. @default none */
  gateway?: pulumi.Input<string>;
  /** MTU, bytes. @default that over a default IPv4 underlay: 1450 */
  mtu?: pulumi.Input<number>;
  /** VLAN of its segment on the bridge. @default none: untagged */
  vlan?: pulumi.Input<number>;
  /** VLANs that it carries tagged, instead of `vlan`. @default none */
  trunk?: pulumi.Input<pulumi.Input<TaggedArgs>[]>;
  /**
   * Its host drops frames from other MACs than its own, and from other addresses than `addresses`, the link-local address
   * of its MAC and, with `dhcp`, `dhcpRange`. Without `addresses` and `dhcp` any address passes. DHCP answers, router
   * advertisements and redirects are dropped. @default true
   */
  portSecurity?: pulumi.Input<boolean>;
  /** Addresses that the segment's DHCP server lends; used with `dhcp` and `portSecurity`. @default any IPv4 address */
  dhcpRange?: pulumi.Input<DhcpRangeArgs>;
  /** A router's: networks whose packets it forwards into the segment; `portSecurity` lets them pass. @default none */
  forwards?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Addresses that a DHCP server lends.
 *
 * @example
 * ```ts
 * const range: DhcpRangeArgs = { first: "10.0.3.192", last: "10.0.3.254" };
 * ```
 */
export interface DhcpRangeArgs {
  /** First of them, IPv4 without prefix length. */
  first: pulumi.Input<string>;
  /** Last of them, in the same form. */
  last: pulumi.Input<string>;
}

/**
 * A tagged segment on a trunk: the interface eth0.VLAN inside.
 *
 * @example
 * ```ts
 * const tagged: TaggedArgs = { vlan: 20, addresses: ["10.0.20.7/24"] };
 * ```
 */
export interface TaggedArgs {
  /** VLAN of the segment on the bridge. */
  vlan: pulumi.Input<number>;
  /** Addresses with prefix length. @default none */
  addresses?: pulumi.Input<pulumi.Input<string>[]>;
  /** MTU, bytes. @default the interface's */
  mtu?: pulumi.Input<number>;
  /** Port security in this VLAN. @default the interface's */
  portSecurity?: pulumi.Input<boolean>;
  /** A router's: networks whose packets it forwards into this VLAN. @default none */
  forwards?: pulumi.Input<pulumi.Input<string>[]>;
}

/** An interface with everything that identifies it. */
export type CompleteInterface = ContainerInterfaceArgs &
  Required<Pick<ContainerInterfaceArgs, "mac" | "veth">>;
