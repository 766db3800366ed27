import * as pulumi from "@pulumi/pulumi";
import { ContainerKind } from "../../../../plan/types";
import { guestStep, inside } from "../../../guest-step";
import { MovableArgs, placeOf } from "../../../host/context.component";
import { ContainerInterfaceArgs, addressesOf, interfacesState } from "../../interfaces.component";
import { completeInterfaces } from "../../complete.component";
import { token } from "../../../naming";
import { COMMAND } from "../../spec";

export interface LxcContainerArgs extends MovableArgs {
  /** Its interfaces: eth0, eth1, … in this order. */
  interfaces: pulumi.Input<pulumi.Input<ContainerInterfaceArgs>[]>;
  /** Name of the container and its host name. @default the resource's name */
  container?: pulumi.Input<string>;
  /** First process. @default ["/sbin/init"] */
  command?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * An unprivileged LXC container (busybox userland) on the segments of a host.
 *
 * @example
 * ```ts
 * new LxcContainer("c1", { host: kvm1, interfaces: [{ bridge, addresses: ["10.0.3.10/24"] }] });
 * ```
 */
export class LxcContainer extends pulumi.ComponentResource {
  /** Addresses of its interfaces, with prefix length, in their order; without those of DHCP. */
  public readonly addresses: pulumi.Output<string[]>;

  constructor(name: string, args: LxcContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { opts: placed, shown, ...place } = placeOf("LxcContainer", name, args, opts);
    const nics = completeInterfaces(name, args);
    super(token("LxcContainer"), name, { ...shown, interfaces: nics }, placed);
    const interfaces = interfacesState(nics);
    const state = {
      lab: shown.labId,
      name: args.container ?? name,
      kind: ContainerKind.Lxc,
      rootfs: "busybox",
      command: args.command ?? [...COMMAND[ContainerKind.Lxc]],
      interfaces,
    };
    const step = guestStep(name, { ...place, kind: "container", state }, inside(this, placed));
    this.addresses = pulumi.all([interfaces, step.id]).apply(([nics]) => nics.flatMap(addressesOf));
    this.registerOutputs({ addresses: this.addresses });
  }
}
