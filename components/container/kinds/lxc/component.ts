import * as pulumi from "@pulumi/pulumi";
import { ContainerKind } from "../../../../plan/types";
import { ContainerInterfaceArgs, addressesOf, interfacesState } from "../../interfaces.component";
import { HostConnectionArgs, guestStep, inside } from "../../../guest-step";
import { token } from "../../../naming";

export interface LxcContainerArgs {
  /** The host that runs it. */
  host: pulumi.Input<HostConnectionArgs>;
  /**
   * Name of the host. On a host of another name it is made anew, after it was removed from the old one.
   * @default the host's key tells hosts apart: a new key on the same host counts as another host then
   */
  hostName?: pulumi.Input<string>;
  /** Its interfaces: eth0, eth1, … in this order. */
  interfaces: pulumi.Input<pulumi.Input<ContainerInterfaceArgs>[]>;
  /** Name of the container and its host name. @default the resource's name */
  container?: pulumi.Input<string>;
  /** First process. @default ["/sbin/init"] */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** The lab's id. */
  labId: pulumi.Input<string>;
}

/** An unprivileged LXC container (busybox userland) on the segments of a host. */
export class LxcContainer extends pulumi.ComponentResource {
  /** Addresses of its interfaces, with prefix length, in their order; without those of DHCP. */
  public readonly addresses: pulumi.Output<string[]>;

  constructor(name: string, args: LxcContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { host, hostName, ...shown } = args;
    super(token("LxcContainer"), name, shown, opts);
    const interfaces = interfacesState(args.interfaces);
    const state = {
      lab: args.labId,
      name: args.container ?? name,
      kind: ContainerKind.Lxc,
      rootfs: "busybox",
      command: args.command ?? ["/sbin/init"],
      interfaces,
    };
    const step = guestStep(name, { host, hostName, kind: "container", state }, inside(this, opts));
    this.addresses = pulumi.all([interfaces, step.id]).apply(([nics]) => nics.flatMap(addressesOf));
    this.registerOutputs({ addresses: this.addresses });
  }
}
