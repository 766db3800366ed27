import * as pulumi from "@pulumi/pulumi";
import { guestStep, inside } from "../../../guest-step";
import { MovableArgs, placeOf } from "../../../host/context.component";
import { archiveCopy, archiveHash } from "../../archive.component";
import { ContainerInterfaceArgs } from "../../interfaces.component";
import { completeInterfaces } from "../../complete.component";
import {
  ContainerExecArgs,
  ContainerFileArgs,
  ContainerRouteArgs,
  ContainerSysctlArgs,
  contentParts,
  stepSecrets,
} from "../../content.component";
import { ContainerPortArgs, publishedPorts } from "../../ports.component";
import { ContainerKind } from "..";
import { addressesOf, containerState } from "../../thing";
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
  /** Root file system, an archive where Pulumi runs: tar, tar.gz or tar.xz. @default a busybox userland */
  rootfs?: pulumi.Input<string>;
  /** Files by their path in the container, at most 256 KiB each; they change while it runs. @default none */
  files?: pulumi.Input<Record<string, pulumi.Input<ContainerFileArgs>>>;
  /** Commands that run in it after its start, and after each change of these or of `files`. @default none */
  exec?: pulumi.Input<pulumi.Input<ContainerExecArgs>[]>;
  /** Static routes, set again when somebody changes them. @default none */
  routes?: pulumi.Input<pulumi.Input<ContainerRouteArgs>[]>;
  /** Kernel settings of its network. @default none */
  sysctls?: pulumi.Input<pulumi.Input<ContainerSysctlArgs>[]>;
  /** Ports of its host, at the host's IPv4 address on the underlay, that lead to it. @default none */
  ports?: pulumi.Input<pulumi.Input<ContainerPortArgs>[]>;
}

/**
 * An unprivileged LXC container on the segments of a host.
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
    const whole = placeOf("LxcContainer", name, args, opts);
    const { opts: placed, shown, ...place } = whole;
    const interfaces = completeInterfaces(name, args);
    const content = contentParts(name, args);
    super(token("LxcContainer"), name, { ...shown, interfaces, ...content.shown }, placed);
    const { container = name, command } = args;
    const within = inside(this, placed);
    const copy =
      args.rootfs === undefined ? undefined : archiveCopy(name, args.rootfs, whole, interfaces, within);
    const rootfs = args.rootfs === undefined ? undefined : pulumi.output(args.rootfs).apply(archiveHash);
    const wanted = pulumi.output({ name: container, command, interfaces, rootfs });
    const state = pulumi
      .all([wanted, content.state, publishedPorts(name, args)])
      .apply(([known, more, published]) =>
        containerState(ContainerKind.Lxc)({ ...known, ...more, published }),
      );
    const secrets = stepSecrets(undefined, content);
    const step = guestStep(
      name,
      { ...place, kind: "container", lab: shown.labId, state, ...(secrets === undefined ? {} : { secrets }) },
      { ...within, ...(copy === undefined ? {} : { dependsOn: [copy] }) },
    );
    this.addresses = pulumi.all([state, step.id]).apply(([known]) => addressesOf(known));
    this.registerOutputs({ addresses: this.addresses });
  }
}
