import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
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
import { ContainerKind } from "../../spec";
import { addressesOf, containerState } from "../../state";
import { connection, guestStep, hostIdentity } from "../../../guest-step";
import { incarnationOf, inside, machineId } from "../../../guest-step";
import { MovableArgs, Place, placeOf } from "../../../host/context.component";
import { child, token } from "../../../naming";
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
  /** Files by their path in the container, at most 256 KiB each; they change while it runs. @default none */
  files?: pulumi.Input<Record<string, pulumi.Input<ContainerFileArgs>>>;
  /** Commands that run in it after its start, and after each change of these or of `files`. @default none */
  exec?: pulumi.Input<pulumi.Input<ContainerExecArgs>[]>;
  /** Static routes, set anew when somebody changes them. @default none */
  routes?: pulumi.Input<pulumi.Input<ContainerRouteArgs>[]>;
  /** Kernel settings of its network. @default none */
  sysctls?: pulumi.Input<pulumi.Input<ContainerSysctlArgs>[]>;
}

/**
 * A Docker container on the segments of a host that has Docker. vxlab makes its network, Docker's own is not used.
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
    const { container = name, image, command } = args;
    const copy =
      args.archive === undefined ? undefined : archiveCopy(name, args.archive, place, interfaces, within);
    const archive = args.archive === undefined ? undefined : pulumi.output(args.archive).apply(contentOf);
    const wanted = pulumi.output({ name: container, image, archive, command, interfaces });
    const state = pulumi
      .all([wanted, content.state])
      .apply(([known, inside]) => containerState(ContainerKind.Docker)({ ...known, ...inside }));
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

/** Brings the archive to where components/container/kinds/docker/guest.sh looks for it. */
function archiveCopy(
  name: string,
  archive: pulumi.Input<string>,
  { host, hostName, shown }: Place<DockerContainerArgs>,
  interfaces: pulumi.Input<unknown>,
  within: pulumi.CustomResourceOptions,
): command.remote.CopyToRemote {
  return new command.remote.CopyToRemote(
    child(name, "archive"),
    {
      connection: connection(host),
      source: pulumi.output(archive).apply((file) => new pulumi.asset.FileAsset(resolve(file))),
      // After the bridges, whose steps wait for a machine that still boots.
      remotePath: pulumi
        .all([shown.labId, interfaces])
        .apply(([lab]) => `/var/lib/vxlab/images/${lab}-${name}.tar`),
      // Another machine has no copy yet.
      triggers: [incarnationOf(host).apply((machine) => machine ?? ""), ...(machineId(within) ?? [])],
    },
    { ...within, replacementTrigger: hostIdentity(host, hostName) },
  );
}

/** In the planner a lab's containers have been checked for it; those of a program of its own have not. */
function checkSource(name: string, { image, archive }: DockerContainerArgs): void {
  if (typeof archive === "string") contentOf(archive);
  if ((image === undefined) !== (archive === undefined)) return;
  throw new pulumi.RunError(
    `${token("DockerContainer")} ${name} takes one of image and archive, and has ${image === undefined ? "neither" : "both"}.`,
  );
}

/** What a preview shows of an archive, and what the host holds the copy against. */
function contentOf(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new pulumi.RunError(`The image archive ${resolve(file)} cannot be read (${code}).`);
  }
}

/** NAME=VALUE. Checked as secrets when one of the values is one. */
function variables(
  container: string,
  given: pulumi.Input<Record<string, pulumi.Input<string>>>,
): pulumi.Output<string[]> {
  const env = pulumi.output(given);
  return pulumi.all([env, pulumi.isSecret(env)]).apply((known) => variableWords(container, ...known));
}
