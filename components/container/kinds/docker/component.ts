import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ContainerKind } from "../../../../plan/types";
import { variableWords } from "../../variables";
import { ContainerInterfaceArgs, addressesOf, interfacesState } from "../../interfaces.component";
import { HostConnectionArgs, connection, guestStep, hostIdentity } from "../../../guest-step";
import { incarnationOf, inside, machineId } from "../../../guest-step";
import { child, token } from "../../../naming";

export interface DockerContainerArgs {
  /** The host that runs it; it has Docker. */
  host: pulumi.Input<HostConnectionArgs>;
  /**
   * Name of the host. On a host of another name it is made anew, after it was removed from the old one.
   * @default the host's key tells hosts apart: a new key on the same host counts as another host then
   */
  hostName?: pulumi.Input<string>;
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
  /** The lab's id. */
  labId: pulumi.Input<string>;
}

/** A Docker container on the segments of a host: its network is vxlab's work, Docker's own is not used. */
export class DockerContainer extends pulumi.ComponentResource {
  /** Addresses of its interfaces, with prefix length, in their order; without those of DHCP. */
  public readonly addresses: pulumi.Output<string[]>;

  constructor(name: string, args: DockerContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    checkSource(name, args);
    const { host, hostName, ...shown } = args;
    super(token("DockerContainer"), name, shown, opts);
    const interfaces = interfacesState(args.interfaces);
    const copy =
      args.archive === undefined ? undefined : this.copy(name, args, args.archive, interfaces, opts);
    const state = {
      lab: args.labId,
      name: args.container ?? name,
      kind: ContainerKind.Docker,
      image: args.image ?? null,
      archive: args.archive === undefined ? null : pulumi.output(args.archive).apply(contentOf),
      command: args.command ?? [],
      env: variables(name, args.env ?? {}),
      interfaces,
    };
    const after = copy === undefined ? {} : { dependsOn: [copy] };
    const step = guestStep(
      name,
      { host, hostName, kind: "container", state },
      { ...inside(this, opts), ...after },
    );
    this.addresses = pulumi.all([interfaces, step.id]).apply(([nics]) => nics.flatMap(addressesOf));
    this.registerOutputs({ addresses: this.addresses });
  }

  /** Brings the archive to where components/container/kinds/docker/guest.sh looks for it. */
  private copy(
    name: string,
    { host, hostName, labId }: DockerContainerArgs,
    archive: pulumi.Input<string>,
    interfaces: pulumi.Output<unknown>,
    opts?: pulumi.ComponentResourceOptions,
  ): command.remote.CopyToRemote {
    const place = inside(this, opts);
    return new command.remote.CopyToRemote(
      child(name, "archive"),
      {
        connection: connection({ host }),
        source: pulumi.output(archive).apply((file) => new pulumi.asset.FileAsset(resolve(file))),
        // After the bridges, whose steps wait for a machine that still boots.
        remotePath: pulumi
          .all([labId, interfaces])
          .apply(([lab]) => `/var/lib/vxlab/images/${lab}-${name}.tar`),
        // Another machine has no copy yet.
        triggers: [
          pulumi.output(incarnationOf(host)).apply((machine) => machine ?? ""),
          ...(machineId(place) ?? []),
        ],
      },
      { ...place, replacementTrigger: hostIdentity(host, hostName) },
    );
  }
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

/** A secret when one of the values is. */
function variables(
  container: string,
  given: pulumi.Input<Record<string, pulumi.Input<string>>>,
): pulumi.Output<string[]> {
  const env = pulumi.output(given);
  return pulumi.all([env, pulumi.isSecret(env)]).apply((known) => variableWords(container, ...known));
}
