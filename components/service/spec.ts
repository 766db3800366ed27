/** The settings `segments.<name>.dhcp` and `.gateway`. */
import type { Fields } from "../../plan/setting";

/**
 * A segment's DHCP server.
 *
 * @example
 * ```ts
 * const dhcp: DhcpSpec = { host: "kvm1", first: "10.0.3.100", last: "10.0.3.199" };
 * ```
 */
export interface DhcpSpec {
  /** The host that runs the DHCP server: the gateway's, if there is a gateway. */
  host: string;
  /** First address that it lends, without prefix length. @default the upper quarter of the subnet */
  first?: string;
  /** Last address that it lends, without prefix length. @default the subnet's last address */
  last?: string;
}

/**
 * A segment's way out.
 *
 * @example
 * ```ts
 * const gateway: GatewaySpec = { host: "kvm1", address: "10.0.3.254" };
 * ```
 */
export interface GatewaySpec {
  /** The host that routes and translates (NAT). */
  host: string;
  /** Its address in the segment, without prefix length. @default the subnet's first address */
  address?: string;
  /**
   * The same in subnet6: it then routes and announces IPv6 too. @default the first of subnet6 in an IPv6-only segment
   * and over an IPv6 underlay, else none
   */
  address6?: string;
}

/**
 * A way out for the containers of one host.
 *
 * @example
 * ```ts
 * const gateway: HostGatewaySpec = { host: "kvm2", address: "10.0.3.2" };
 * ```
 */
export interface HostGatewaySpec {
  /** The host that routes and translates (NAT) for its containers. */
  host: string;
  /** Its address in the segment, without prefix length; this, address6, or both. @default none */
  address?: string;
  /** The same in subnet6. @default none */
  address6?: string;
}

export const DHCP = {
  host: {
    kind: "text",
    required: true,
    doc: "the host that runs the DHCP server: the gateway's, if there is a gateway",
  },
  first: {
    kind: "text",
    usual: "the upper quarter of the subnet",
    doc: "first address that it lends, without prefix length",
  },
  last: {
    kind: "text",
    usual: "the subnet's last address",
    doc: "last address that it lends, without prefix length",
  },
} as const satisfies Fields<DhcpSpec>;

export const GATEWAY = {
  host: { kind: "text", required: true, doc: "the host that routes and translates (NAT)" },
  address: {
    kind: "text",
    usual: "the subnet's first address",
    doc: "its address in the segment, without prefix length",
  },
  address6: {
    kind: "text",
    usual: "the first of `subnet6` in an IPv6-only segment and over an IPv6 underlay, else none",
    doc: "the same in `subnet6`: it then routes and announces IPv6 too ([IPv6 gateways](#ipv6-gateways))",
  },
} as const satisfies Fields<GatewaySpec>;

export const HOST_GATEWAY = {
  host: {
    kind: "text",
    required: true,
    doc: "the host that routes and translates (NAT) for its containers",
  },
  address: {
    kind: "text",
    doc: "its address in the segment, without prefix length; this, `address6`, or both",
  },
  address6: { kind: "text", doc: "the same in `subnet6`" },
} as const satisfies Fields<HostGatewaySpec>;
