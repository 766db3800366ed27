import * as pulumi from "@pulumi/pulumi";
import { guestStep, inside } from "../../../guest-step";
import { MovableArgs, placeOf } from "../../../host/context.component";
import { ContainerInterfaceArgs } from "../../interfaces.component";
import { completeInterfaces } from "../../complete.component";
import { ContainerKind } from "../../spec";
import { addressesOf, containerState } from "../../state";
import { token } from "../../../naming";

/**
 * An LXC container as a program asks for it.
 *
 * @example
 * ```ts
 * const args: LxcContainerArgs = { host: kvm1, interfaces: [{ bridge, addresses: ["10.0.3.10/24"] }] };
 * ```
 */
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
    const interfaces = completeInterfaces(name, args);
    super(token("LxcContainer"), name, { ...shown, interfaces }, placed);
    const { container = name, command } = args;
    const wanted = pulumi.output({ name: container, command, interfaces });
    const state = wanted.apply(containerState(ContainerKind.Lxc));
    const step = guestStep(
      name,
      { ...place, kind: "container", lab: shown.labId, state },
      inside(this, placed),
    );
    this.addresses = pulumi.all([state, step.id]).apply(([known]) => addressesOf(known));
    this.registerOutputs({ addresses: this.addresses });
  }
}
