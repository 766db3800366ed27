import * as pulumi from "@pulumi/pulumi";
import { tunnelName } from "../plan/names";
import { HostConnectionArgs, guestStep, inside } from "./guest-step";
import { token } from "./naming";

export interface VxlanPortArgs {
  /** The host that is attached. */
  host: pulumi.Input<HostConnectionArgs>;
  /** Its bridge. */
  bridge: pulumi.Input<string>;
  /** VXLAN network identifier, 1-16777215. */
  vni: pulumi.Input<number>;
  /** The host's own VTEP, an IPv4 literal. */
  local: pulumi.Input<string>;
  /** The other VTEPs of the segment, IPv4 literals; none is allowed. */
  remotes: pulumi.Input<pulumi.Input<string>[]>;
  /** UDP port of the tunnels. @default 4789 (RFC 7348) */
  udpPort?: pulumi.Input<number>;
  /** VLAN of the segment on the bridge. @default none: untagged */
  vlan?: pulumi.Input<number>;
  /** The lab's id. */
  labId: pulumi.Input<string>;
}

/**
 * A host's attachment to one VNI: one resource, however many remotes. On the bridge it is one Open vSwitch port for
 * each remote VTEP, all `protected`, so that a mesh does not loop.
 */
export class VxlanPort extends pulumi.ComponentResource {
  /** VXLAN network identifier. */
  public readonly vni: pulumi.Output<number>;

  constructor(name: string, args: VxlanPortArgs, opts?: pulumi.ComponentResourceOptions) {
    const { host, ...shown } = args;
    super(token("VxlanPort"), name, shown, opts);
    const step = guestStep(name, { host, kind: "port", state: portState(args) }, inside(this, opts));
    this.vni = pulumi.all([args.vni, step.id]).apply(([vni]) => vni);
    this.registerOutputs({ vni: this.vni });
  }
}

function portState(args: VxlanPortArgs): Record<string, pulumi.Input<unknown>> {
  const remotes = pulumi
    .all([args.vni, args.remotes])
    .apply(([vni, addresses]) =>
      [...addresses].sort().map((address) => ({ name: tunnelName(vni, address), address })),
    );
  return {
    lab: args.labId,
    bridge: args.bridge,
    vni: args.vni,
    udpPort: args.udpPort ?? 4789,
    local: args.local,
    vlan: args.vlan ?? null,
    remotes,
  };
}
