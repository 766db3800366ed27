import * as pulumi from "@pulumi/pulumi";
import { guestStep, inside } from "../guest-step";
import { MovableArgs, placeOf, vtepOf } from "../host/context.component";
import { token } from "../naming";
import { impairmentState } from "./thing";

/**
 * An impairment on one host as a program asks for it.
 *
 * @example
 * ```ts
 * const args: ImpairmentArgs = { host: kvm1, bridge, ports: [{ device: "i-slow", veth: "v-c1" }], delay: "50ms" };
 * ```
 */
export interface ImpairmentArgs extends MovableArgs {
  /** The host's bridge (`OvsBridge.bridge`), with whose step the guest tools come. */
  bridge: pulumi.Input<string>;
  /** Its name. @default the resource's */
  impairment?: pulumi.Input<string>;
  /** Where it is, as a text for previews. @default none */
  where?: pulumi.Input<string>;
  /** The host's own VTEP. @default the host's `address` */
  local?: pulumi.Input<string>;
  /** Paths to other hosts that are impaired. @default none */
  links?: pulumi.Input<pulumi.Input<ImpairedLinkArgs>[]>;
  /** Interfaces of containers that are impaired. @default none */
  ports?: pulumi.Input<pulumi.Input<ImpairedPortArgs>[]>;
  /** Every packet arrives this much later, such as 50ms. @default none */
  delay?: pulumi.Input<string>;
  /** The delay varies by up to this much, evenly; with `delay`. @default none */
  jitter?: pulumi.Input<string>;
  /** Share of packets that are lost, such as 1%. @default none */
  loss?: pulumi.Input<string>;
  /** Share of packets that arrive twice. @default none */
  duplicate?: pulumi.Input<string>;
  /** Share of packets that overtake others; with `delay`. @default none */
  reorder?: pulumi.Input<string>;
  /** Share of packets with one wrong bit. @default none */
  corrupt?: pulumi.Input<string>;
  /** Bits a second that pass, such as 10mbit. @default unlimited */
  rate?: pulumi.Input<string>;
}

/**
 * The path to another host.
 *
 * @example
 * ```ts
 * const packets = [{ address: "192.168.10.222", udpPort: 4789 }];
 * const link: ImpairedLinkArgs = { device: "i-slow", remote: "192.168.10.222", packets };
 * ```
 */
export interface ImpairedLinkArgs {
  /** The interface that packets are led through, at most 15 bytes; no other on the host may have this name. */
  device: pulumi.Input<string>;
  /** VTEP of the other host. */
  remote: pulumi.Input<string>;
  /** Which of the packets to it. */
  packets: pulumi.Input<pulumi.Input<TunnelPacketsArgs>[]>;
}

/**
 * Packets that carry frames over the underlay.
 *
 * @example
 * ```ts
 * const packets: TunnelPacketsArgs = { address: "192.168.10.222", udpPort: 4789, vni: 100 };
 * ```
 */
export interface TunnelPacketsArgs {
  /** Where they go: a VTEP or a multicast group. */
  address: pulumi.Input<string>;
  /** UDP port of the tunnels. */
  udpPort: pulumi.Input<number>;
  /** Only those of this VNI. @default all */
  vni?: pulumi.Input<number>;
}

/**
 * A container's interface.
 *
 * @example
 * ```ts
 * const port: ImpairedPortArgs = { device: "i-slow", veth: "v-c1", direction: "out" };
 * ```
 */
export interface ImpairedPortArgs {
  /** The interface that frames are led through, at most 15 bytes; no other on the host may have this name. */
  device: pulumi.Input<string>;
  /** The container's interface on the host's side (`vethName`). */
  veth: pulumi.Input<string>;
  /** `out`: what the container sends. @default what it receives */
  direction?: pulumi.Input<string>;
  /** Only this VLAN of a trunk. @default all frames */
  vlan?: pulumi.Input<number>;
}

/**
 * An impairment on one host: packets on some paths are delayed, lost, doubled or slowed down. Edits apply in place, and destroying it
 * restores the paths. One that is between two hosts, both ways, is a resource on each of them.
 *
 * @example
 * ```ts
 * new Impairment("slow", { host: kvm1, bridge, ports: [{ device: "i-slow", veth: "v-c1" }], delay: "50ms", loss: "1%" });
 * ```
 */
export class Impairment extends pulumi.ComponentResource {
  /** Its name. */
  public readonly impairment: pulumi.Output<string>;

  constructor(name: string, args: ImpairmentArgs, opts?: pulumi.ComponentResourceOptions) {
    const { opts: placed, shown: given, ...place } = placeOf("Impairment", name, args, opts);
    const shown = { ...given, impairment: args.impairment ?? name, local: args.local ?? vtepOf(args.host) };
    super(token("Impairment"), name, shown, placed);
    const state = pulumi.output(shown).apply(impairmentState);
    const step = guestStep(
      name,
      { ...place, kind: "impairment", lab: shown.labId, state },
      inside(this, placed),
    );
    this.impairment = pulumi.all([shown.impairment, step.id]).apply(([impairment]) => impairment);
    this.registerOutputs({ impairment: this.impairment });
  }
}
