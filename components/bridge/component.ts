import * as pulumi from "@pulumi/pulumi";
import { guestTools } from "../../guest/render";
import { HostConnectionArgs, guestStep, inside } from "../guest-step";
import { token } from "../naming";

export interface OvsBridgeArgs {
  /** The host that holds it. */
  host: pulumi.Input<HostConnectionArgs>;
  /** Name on the host, at most 15 bytes. @default "vxbr" */
  bridge?: pulumi.Input<string>;
  /** MAC of the bridge's own interface. */
  mac: pulumi.Input<string>;
  /** MTU of the bridge's own interface, bytes. @default 1450: VXLAN over IPv4 over 1500 */
  mtu?: pulumi.Input<number>;
  /** Address of the bridge's own interface, with prefix length. @default none */
  address?: pulumi.Input<string>;
  /**
   * The host guard, packet filter rules by nftables: from this bridge nothing reaches the host or its underlay but ICMP and, by
   * a gateway, the outside; tunnels take packets of their remotes only (docs/security.md). @default true
   */
  guard?: pulumi.Input<boolean>;
  /** The lab's id, stored with the bridge as `external_ids:vxlab`. */
  labId: pulumi.Input<string>;
}

/**
 * An Open vSwitch bridge. Always the first thing on a host: its step brings the guest tools along and waits for
 * a machine that still boots.
 */
export class OvsBridge extends pulumi.ComponentResource {
  /** Name on the host. */
  public readonly bridge: pulumi.Output<string>;

  constructor(name: string, args: OvsBridgeArgs, opts?: pulumi.ComponentResourceOptions) {
    const { host, ...shown } = args;
    super(token("OvsBridge"), name, { ...shown, tools: guestTools().version }, opts);
    const bridge = args.bridge ?? "vxbr";
    const step = guestStep(
      name,
      { host, kind: "bridge", first: true, state: bridgeState(args, bridge) },
      inside(this, opts),
    );
    this.bridge = pulumi.all([bridge, step.id]).apply(([known]) => known);
    this.registerOutputs({ bridge: this.bridge });
  }
}

function bridgeState(
  args: OvsBridgeArgs,
  bridge: pulumi.Input<string>,
): Record<string, pulumi.Input<unknown>> {
  return {
    lab: args.labId,
    name: bridge,
    mac: args.mac,
    mtu: args.mtu ?? 1450,
    address: args.address ?? null,
    guard: args.guard ?? true,
    tools: guestTools(),
  };
}
