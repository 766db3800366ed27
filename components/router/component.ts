import * as pulumi from "@pulumi/pulumi";
import { guestStep, inside } from "../guest-step";
import { MovableArgs, placeOf, vtepOf } from "../host/context.component";
import { token } from "../naming";
import { routerState } from "./thing";

/**
 * A BGP router as a program asks for it.
 *
 * @example
 * ```ts
 * const args: EvpnRouterArgs = { host: kvm2, bridge, neighbours: [{ address: "192.168.10.11" }] };
 * ```
 */
export interface EvpnRouterArgs extends MovableArgs {
  /** The host's bridge (`OvsBridge.bridge`). */
  bridge: pulumi.Input<string>;
  /** The host's own VTEP, an IPv4 literal. @default the host's `address` */
  local?: pulumi.Input<string>;
  /** Autonomous system number. @default 65000 */
  as?: pulumi.Input<number>;
  /** Passes routes on between its clients: two such routers are enough for a lab, one is a single point of failure. @default false */
  reflector?: pulumi.Input<boolean>;
  /** The reflectors, and of a reflector the other ones. */
  neighbours: pulumi.Input<pulumi.Input<EvpnNeighbourArgs>[]>;
  /** Of a reflector: networks from which routers may open a session, in CIDR notation. @default none */
  listen?: pulumi.Input<pulumi.Input<string>[]>;
  /** Of a reflector: addresses and ranges of addresses that the host guard lets in. @default `listen` */
  clients?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * A router at the other end of a session.
 *
 * @example
 * ```ts
 * const peer: EvpnNeighbourArgs = { address: "172.20.0.5", as: 65001 };
 * ```
 */
export interface EvpnNeighbourArgs {
  /** An IPv4 literal. */
  address: pulumi.Input<string>;
  /** Its autonomous system number. @default the router's own */
  as?: pulumi.Input<number>;
}

/**
 * The BGP router of a host, for ports with Flooding.Evpn: FRR's zebra and bgpd. It announces the host's VNIs and stations to the other
 * hosts, and programs the kernel's vxlan devices with what it learns. One for each host.
 *
 * @example
 * ```ts
 * new EvpnRouter("kvm3-evpn", { host: kvm2, bridge, neighbours: [{ address: kvm1.address }, { address: kvm2.address }] });
 * ```
 */
export class EvpnRouter extends pulumi.ComponentResource {
  /** Its router ID: the host's VTEP. */
  public readonly routerId: pulumi.Output<string>;

  constructor(name: string, args: EvpnRouterArgs, opts?: pulumi.ComponentResourceOptions) {
    const { opts: placed, shown: given, ...place } = placeOf("EvpnRouter", name, args, opts);
    const shown = { ...given, local: args.local ?? vtepOf(args.host) };
    super(token("EvpnRouter"), name, shown, placed);
    const state = pulumi.output(shown).apply(routerState);
    const step = guestStep(name, { ...place, kind: "router", lab: shown.labId, state }, inside(this, placed));
    this.routerId = pulumi.all([shown.local, step.id]).apply(([local]) => local);
    this.registerOutputs({ routerId: this.routerId });
  }
}
