import * as pulumi from "@pulumi/pulumi";
import { guestTools } from "../../guest/render";
import { MacKind, computedMac } from "../../plan/mac";
import { firstStep, inside } from "../guest-step";
import { OnHostArgs, placeOf, vtepOf } from "../host/context.component";
import { stackIdentity, token } from "../naming";
import { assumedMtu } from "../segment/mtu";
import { bridgeState } from "./thing";

/**
 * An Open vSwitch bridge as a program asks for it.
 *
 * @example
 * ```ts
 * const args: OvsBridgeArgs = { host: kvm1, address: "10.1.2.10/24" };
 * ```
 */
export interface OvsBridgeArgs extends OnHostArgs {
  /** Name of the host, for previews. @default the name of the `KvmHost` or `ExistingHost` */
  hostName?: pulumi.Input<string>;
  /** Name on the host, at most 15 bytes. @default "vxbr" */
  bridge?: pulumi.Input<string>;
  /** MAC of the bridge's own interface. @default computed from organization, project, stack and the resource's name */
  mac?: pulumi.Input<string>;
  /** MTU of the bridge's own interface, bytes. @default that over a default IPv4 underlay: 1450 */
  mtu?: pulumi.Input<number>;
  /** Address of the bridge's own interface, with prefix length. @default none */
  address?: pulumi.Input<string>;
  /**
   * The host guard, packet filter rules by nftables: from this bridge nothing reaches the host or its underlay but ICMP and, by
   * a gateway, the outside; tunnels take packets of their remotes only (docs/security.md). @default true
   */
  guard?: pulumi.Input<boolean>;
}

/**
 * An Open vSwitch bridge. It comes first on every host: its step installs the guest tools, and waits for a machine that is still booting.
 * The lab's id is stored with it as `external_ids:vxlab`.
 *
 * @example
 * ```ts
 * const { bridge } = new OvsBridge("kvm1-vxbr", { host: kvm1, address: "10.1.2.10/24" });
 * ```
 */
export class OvsBridge extends pulumi.ComponentResource {
  /** Name on the host. */
  public readonly bridge: pulumi.Output<string>;

  constructor(name: string, args: OvsBridgeArgs, opts?: pulumi.ComponentResourceOptions) {
    const { host, opts: placed, shown: given } = placeOf("OvsBridge", name, args, opts);
    const shown = {
      ...given,
      mac: args.mac ?? computedMac(stackIdentity(), MacKind.Bridge, name),
      mtu: args.mtu ?? pulumi.output(vtepOf(args.host)).apply(assumedMtu),
    };
    super(token("OvsBridge"), name, { ...shown, tools: guestTools().version }, placed);
    const state = pulumi.output(shown).apply(bridgeState);
    const step = firstStep(name, { host, lab: shown.labId, state }, inside(this, placed));
    this.bridge = pulumi.all([state, step.id]).apply(([known]) => known.name);
    this.registerOutputs({ bridge: this.bridge });
  }
}
