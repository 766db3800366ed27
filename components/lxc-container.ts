import * as pulumi from "@pulumi/pulumi";
import { HostConnectionArgs, guestStep, inside } from "./guest-step";
import { token } from "./naming";

export interface LxcContainerArgs {
  /** The host that runs it. */
  host: pulumi.Input<HostConnectionArgs>;
  /** Its bridge. */
  bridge: pulumi.Input<string>;
  /** Name of the container and its host name. @default the resource's name */
  container?: pulumi.Input<string>;
  /** Address of eth0, with prefix length. */
  address: pulumi.Input<string>;
  /** MAC of eth0. */
  mac: pulumi.Input<string>;
  /** MTU of eth0, bytes. @default 1450: VXLAN over IPv4 over 1500 */
  mtu?: pulumi.Input<number>;
  /** Name of its interface on the host, at most 15 bytes. */
  veth: pulumi.Input<string>;
  /** VLAN of its segment on the bridge. @default none: untagged */
  vlan?: pulumi.Input<number>;
  /** First process. @default ["/sbin/init"] */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** The lab's id. */
  labId: pulumi.Input<string>;
}

/** An unprivileged LXC container (busybox userland) with one interface on a bridge. */
export class LxcContainer extends pulumi.ComponentResource {
  /** Address of eth0, with prefix length. */
  public readonly address: pulumi.Output<string>;

  constructor(name: string, args: LxcContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { host, ...shown } = args;
    super(token("LxcContainer"), name, shown, opts);
    const step = guestStep(
      name,
      { host, kind: "container", state: containerState(name, args) },
      inside(this, opts),
    );
    this.address = pulumi.all([args.address, step.id]).apply(([address]) => address);
    this.registerOutputs({ address: this.address });
  }
}

function containerState(name: string, args: LxcContainerArgs): Record<string, pulumi.Input<unknown>> {
  return {
    lab: args.labId,
    name: args.container ?? name,
    bridge: args.bridge,
    address: args.address,
    mac: args.mac,
    mtu: args.mtu ?? 1450,
    veth: args.veth,
    vlan: args.vlan ?? null,
    command: args.command ?? ["/sbin/init"],
    rootfs: "busybox",
  };
}
