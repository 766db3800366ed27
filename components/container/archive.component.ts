/** Archives that containers are made from: Docker images and root file systems. */
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { connection, hostIdentity, incarnationOf, machineId } from "../guest-step";
import type { MovableArgs, Place } from "../host/context.component";
import { child } from "../naming";

/** Copies the archive to where the scripts of the container's kind look for it. */
export function archiveCopy(
  name: string,
  archive: pulumi.Input<string>,
  { host, hostName, shown }: Place<MovableArgs>,
  interfaces: pulumi.Input<unknown>,
  within: pulumi.CustomResourceOptions,
): command.remote.CopyToRemote {
  return new command.remote.CopyToRemote(
    child(name, "archive"),
    {
      connection: connection(host),
      source: pulumi.output(archive).apply((file) => new pulumi.asset.FileAsset(resolve(file))),
      // After the bridge, whose step waits for a machine that is still booting.
      remotePath: pulumi
        .all([shown.labId, interfaces])
        .apply(([lab]) => `/var/lib/vxlab/images/${lab}-${name}.tar`),
      // Another machine has no copy yet.
      triggers: [incarnationOf(host).apply((machine) => machine ?? ""), ...(machineId(within) ?? [])],
    },
    { ...within, replacementTrigger: hostIdentity(host, hostName) },
  );
}

/** The hash that a preview shows of an archive, and that the host compares the copy with. */
export function archiveHash(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new pulumi.RunError(`The archive ${resolve(file)} cannot be read (${code}).`);
  }
}
