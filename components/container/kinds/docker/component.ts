import * as pulumi from "@pulumi/pulumi";
import { archiveCopy, archiveHash } from "../../archive.component";
import { variableWords } from "../../variables";
import { ContainerInterfaceArgs } from "../../interfaces.component";
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
import { guestStep, inside } from "../../../guest-step";
import { MovableArgs, placeOf } from "../../../host/context.component";
import { token } from "../../../naming";
import { completeInterfaces } from "../../complete.component";

/**
 * A Docker container as a program asks for it.
 *
 * @example
 * ```ts
 * const args: DockerContainerArgs = { host: kvm1, image: "nginx:1.27", interfaces: [{ bridge, dhcp: true }] };
 * ```
 */
export interface DockerContainerArgs extends MovableArgs {
  /** Its interfaces: eth0, eth1, … in this order. */
  interfaces: pulumi.Input<pulumi.Input<ContainerInterfaceArgs>[]>;
  /** Image by its name: on the host already, or fetched from a registry. This or `archive`. @default none */
  image?: pulumi.Input<string>;
  /** Image as a file of `docker save`, where Pulumi runs. This or `image`. @default none */
  archive?: pulumi.Input<string>;
  /** Name of the container (on the host `vxlab-NAME`) and its host name. @default the resource's name */
  container?: pulumi.Input<string>;
  /** First process, instead of the image's entry point and command. @default those */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** Environment variables of the container; they override the image's. A secret value stays one. @default none */
  env?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Volumes, which keep their data when the container is recreated: paths in it to names. They are deleted with the container. @default
   * none
   */
  volumes?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Capabilities beside Docker's own, such as `NET_ADMIN` (capabilities(7)). @default none */
  capAdd?: pulumi.Input<pulumi.Input<string>[]>;
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
 * A Docker container on the segments of a host that has Docker. vxlab makes its network; Docker's own networks are not used.
 *
 * @throws RunError with neither or both of `image` and `archive`, or when the archive cannot be read
 * @example
 * ```ts
 * new DockerContainer("web", { host: kvm1, image: "nginx:1.27", interfaces: [{ bridge, addresses: ["10.0.3.20/24"] }] });
 * ```
 */
export class DockerContainer extends pulumi.ComponentResource {
  /** Addresses of its interfaces, with prefix length, in their order; without those of DHCP. */
  public readonly addresses: pulumi.Output<string[]>;

  constructor(name: string, args: DockerContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    checkSource(name, args);
    const place = placeOf("DockerContainer", name, args, opts);
    const { host, hostName, shown } = place;
    const interfaces = completeInterfaces(name, args);
    const content = contentParts(name, args);
    super(token("DockerContainer"), name, { ...shown, interfaces, ...content.shown }, place.opts);
    const within = inside(this, place.opts);
    const { container = name, image, command, volumes, capAdd } = args;
    const copy =
      args.archive === undefined ? undefined : archiveCopy(name, args.archive, place, interfaces, within);
    const archive = args.archive === undefined ? undefined : pulumi.output(args.archive).apply(archiveHash);
    const wanted = pulumi.output({ name: container, image, archive, command, interfaces, volumes, capAdd });
    const state = pulumi
      .all([wanted, content.state, publishedPorts(name, args)])
      .apply(([known, inside, published]) =>
        containerState(ContainerKind.Docker)({ ...known, ...inside, published }),
      );
    const secrets = stepSecrets(args.env === undefined ? undefined : variables(name, args.env), content);
    const step = guestStep(
      name,
      { host, hostName, kind: "container", lab: shown.labId, state, secrets },
      { ...within, ...(copy === undefined ? {} : { dependsOn: [copy] }) },
    );
    this.addresses = pulumi.all([state, step.id]).apply(([known]) => addressesOf(known));
    this.registerOutputs({ addresses: this.addresses });
  }
}

/** The planner has checked a lab's containers for this, but not those that a program declares itself. */
function checkSource(name: string, { image, archive }: DockerContainerArgs): void {
  if (typeof archive === "string") archiveHash(archive);
  if ((image === undefined) !== (archive === undefined)) return;
  throw new pulumi.RunError(
    `${token("DockerContainer")} ${name} takes one of image and archive, and has ${image === undefined ? "neither" : "both"}.`,
  );
}

/** NAME=VALUE. Checked as secrets when one of the values is one. */
function variables(
  container: string,
  given: pulumi.Input<Record<string, pulumi.Input<string>>>,
): pulumi.Output<string[]> {
  const env = pulumi.output(given);
  return pulumi.all([env, pulumi.isSecret(env)]).apply((known) => variableWords(container, ...known));
}
