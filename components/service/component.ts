import * as pulumi from "@pulumi/pulumi";
import { MacKind, computedMac } from "../../plan/mac";
import { serviceDevice } from "../../plan/names";
import { guestStep, inside } from "../guest-step";
import { MovableArgs, placeOf, vtepOf } from "../host/context.component";
import { stackIdentity, token } from "../naming";
import { serviceState } from "./thing";

/**
 * A segment's service as a program asks for it: a gateway, a DHCP server, or both.
 *
 * @example
 * ```ts
 * const args: SegmentServiceArgs = { host: kvm1, bridge, addresses: ["10.0.3.1/24"], nat: true };
 * ```
 */
export interface SegmentServiceArgs extends MovableArgs {
  /** The host's bridge (`OvsBridge.bridge`). */
  bridge: pulumi.Input<string>;
  /** The interface that it gets in the segment, at most 15 bytes. @default `gw-` and the resource's name, shortened to fit */
  device?: pulumi.Input<string>;
  /** MAC of that interface. @default computed from organization, project, stack and the resource's name */
  mac?: pulumi.Input<string>;
  /** Its addresses, with prefix length; for `nat` and `dhcp` one of them IPv4, for `nat6` one IPv6. */
  addresses: pulumi.Input<pulumi.Input<string>[]>;
  /** The host's own VTEP: the interface that has it is the one towards which NAT translates. @default the host's `address` */
  local?: pulumi.Input<string>;
  /** MTU of the segment, bytes. @default that of a default underlay: 1450, over IPv6 1430 */
  mtu?: pulumi.Input<number>;
  /** VLAN of the segment on the bridge. @default none: untagged */
  vlan?: pulumi.Input<number>;
  /**
   * Routes IPv4 from the segment to the underlay with NAT; connections from outside are dropped. DHCP leases then contain the host's name
   * servers. @default false
   */
  nat?: pulumi.Input<boolean>;
  /** The same for IPv6, with router advertisements into the segment. @default false */
  nat6?: pulumi.Input<boolean>;
  /**
   * Networks and addresses that the gateway does not forward to, if the host has its guard: the underlay and the hosts on it. ICMP, and DNS
   * to the host's own name servers, pass. @default none
   */
  closed?: pulumi.Input<pulumi.Input<string>[]>;
  /** Lends addresses. @default no DHCP */
  dhcp?: pulumi.Input<DhcpArgs>;
}

/**
 * What a DHCP server lends.
 *
 * @example
 * ```ts
 * const dhcp: DhcpArgs = { first: "10.0.3.192", last: "10.0.3.254", router: "10.0.3.1" };
 * ```
 */
export interface DhcpArgs {
  /** First address that is lent, without prefix length, inside the subnet of the server's own address. */
  first: pulumi.Input<string>;
  /** Last address that is lent, in the same form. */
  last: pulumi.Input<string>;
  /** Default route in a lease. @default none */
  router?: pulumi.Input<string>;
  /** MTU in a lease (option 26), bytes. @default the segment's */
  mtu?: pulumi.Input<number>;
  /** Domain name in a lease. @default none */
  domain?: pulumi.Input<string>;
}

/**
 * A service of a segment on one of its hosts: an interface of the host in the segment, with a DHCP server, NAT, or both.
 *
 * @example
 * ```ts
 * new SegmentService("red", { host: kvm1, bridge, addresses: ["10.0.3.1/24"], nat: true });
 * ```
 */
export class SegmentService extends pulumi.ComponentResource {
  /** The interface on the host. */
  public readonly device: pulumi.Output<string>;

  constructor(name: string, args: SegmentServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    const { opts: placed, shown: given, ...place } = placeOf("SegmentService", name, args, opts);
    const shown = {
      ...given,
      device: args.device ?? serviceDevice(name),
      mac: args.mac ?? computedMac(stackIdentity(), MacKind.Service, name),
      local: args.local ?? vtepOf(args.host),
    };
    super(token("SegmentService"), name, shown, placed);
    const state = pulumi.output(shown).apply(serviceState);
    const step = guestStep(
      name,
      { ...place, kind: "service", lab: shown.labId, state },
      inside(this, placed),
    );
    this.device = pulumi.all([shown.device, step.id]).apply(([device]) => device);
    this.registerOutputs({ device: this.device });
  }
}
