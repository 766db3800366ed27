import * as pulumi from "@pulumi/pulumi";
import { Encapsulation } from "../../plan/net/encap";
import { Flooding } from "../../plan/types";
import { guestStep, inside } from "../guest-step";
import { MovableArgs, placeOf, vtepOf } from "../host/context.component";
import { token } from "../naming";
import { portState } from "./thing";

/**
 * A port as a program asks for it.
 *
 * @example
 * ```ts
 * const args: VxlanPortArgs = { host: kvm1, bridge, vni: 100, remotes: [kvm2.address] };
 * ```
 */
export interface VxlanPortArgs extends MovableArgs {
  /** The host's bridge (`OvsBridge.bridge`). */
  bridge: pulumi.Input<string>;
  /** VXLAN network identifier, 1-16777215. */
  vni: pulumi.Input<number>;
  /** Name of the segment, for policies. @default none */
  segment?: pulumi.Input<string>;
  /** The host's own VTEP, an IPv4 or IPv6 literal. @default the host's `address` */
  local?: pulumi.Input<string>;
  /**
   * The other VTEPs of the segment, literals of the same family. The host guard accepts packets from these only; with an empty list, from
   * nobody. @default not known: no tunnels; with Flooding.Multicast, packets from every host
   */
  remotes?: pulumi.Input<pulumi.Input<string>[]>;
  /** How frames are carried over the underlay. @default Encapsulation.Vxlan */
  encapsulation?: pulumi.Input<Encapsulation>;
  /** UDP port of the tunnels; a segment with Flooding.Multicast or Flooding.Evpn shares its port with such segments only. @default IANA's: 4789 (RFC 7348) */
  udpPort?: pulumi.Input<number>;
  /** VLAN of the segment on the bridge. @default none: untagged */
  vlan?: pulumi.Input<number>;
  /** How floods cross the underlay. @default Flooding.Unicast */
  flooding?: pulumi.Input<Flooding>;
  /** False on the hub of hub and spoke, which passes frames on from tunnel to tunnel. @default true */
  protected?: pulumi.Input<boolean>;
  /** Both ends probe each tunnel once a second by BFD (RFC 5880), which the ports of all remotes then need; with Flooding.Unicast. @default false */
  bfd?: pulumi.Input<boolean>;
  /** Multicast group; with Flooding.Multicast, which needs it. */
  group?: pulumi.Input<string>;
  /** Hops that a packet to the group may take; with Flooding.Multicast. @default 16 */
  ttl?: pulumi.Input<number>;
  /** MTU inside the segment, bytes; with Flooding.Multicast or Flooding.Evpn. @default that of a default underlay: 1450, over IPv6 1430 */
  mtu?: pulumi.Input<number>;
  /**
   * Addresses, and ranges such as 192.168.10.2-192.168.10.254, of the VTEPs that may send; with Flooding.Evpn, whose remotes BGP
   * knows. @default every host may
   */
  senders?: pulumi.Input<pulumi.Input<string>[]>;
  /** What is known of the other hosts' interfaces in the segment; with Flooding.Flow. @default none */
  stations?: pulumi.Input<pulumi.Input<StationArgs>[]>;
}

/**
 * An interface on another host: frames for it go to one VTEP. ARP requests for its IPv4 address are answered locally; requests for its IPv6
 * address go to that VTEP only.
 *
 * @example
 * ```ts
 * const c2: StationArgs = { mac: "02:00:00:00:00:02", addresses: ["10.0.3.11"], vtep: "192.168.10.222" };
 * ```
 */
export interface StationArgs {
  /** MAC of the interface, inside its container. */
  mac: pulumi.Input<string>;
  /** IPv4 and IPv6, without prefix length. */
  addresses: pulumi.Input<pulumi.Input<string>[]>;
  /** VTEP of its host. */
  vtep: pulumi.Input<string>;
}

/**
 * A host's attachment to one VNI: one resource, however many remotes. With Flooding.Unicast it is one Open vSwitch port
 * for each remote VTEP, all `protected`, so that a mesh does not loop; else one port or device for all of them.
 *
 * @example
 * ```ts
 * new VxlanPort("kvm1-red", { host: kvm1, bridge, vni: 100, remotes: [kvm2.address] });
 * ```
 */
export class VxlanPort extends pulumi.ComponentResource {
  /** VXLAN network identifier. */
  public readonly vni: pulumi.Output<number>;

  constructor(name: string, args: VxlanPortArgs, opts?: pulumi.ComponentResourceOptions) {
    const { opts: placed, shown: given, ...place } = placeOf("VxlanPort", name, args, opts);
    const shown = { ...given, local: args.local ?? vtepOf(args.host) };
    super(token("VxlanPort"), name, shown, placed);
    const state = pulumi.output(shown).apply(portState);
    const step = guestStep(name, { ...place, kind: "port", lab: shown.labId, state }, inside(this, placed));
    this.vni = pulumi.all([args.vni, step.id]).apply(([vni]) => vni);
    this.registerOutputs({ vni: this.vni });
  }
}
