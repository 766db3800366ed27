/**
 * Keeps the folder of a lab's pool from other users of the hypervisor.
 *
 * The provider gives every volume mode 0644 (dmacvicar/libvirt 0.8.3, libvirt/volume_def.go), and seeds and disks hold
 * private keys. It has no words for the mode of a pool but a stylesheet, which would replace pools that are there. So a
 * hook changes the folder of a new pool, while it is empty, to mode 0710 with QEMU's group.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { closedPool, qemuGroup } from "./pool-xml";
import { LIBVIRT_NAME } from "../naming";
import { clearsOrphans } from "./orphans";
import { virshOutput } from "./virsh";

/**
 * Hooks of a pool: those of clearsOrphans, and one that closes its folder once it is created.
 *
 * @param uri the hypervisor's connection URI, as the provider takes it; without it nothing is done
 */
export function closesPool(
  resource: string,
  uri: string | undefined,
): pulumi.ResourceHookBinding | undefined {
  if (uri === undefined) return undefined;
  const close = new pulumi.ResourceHook(
    `close-${resource}`,
    async ({ newInputs }) => {
      const name = (newInputs as { name?: unknown } | undefined)?.name;
      if (typeof name === "string" && LIBVIRT_NAME.test(name)) await closePool(uri, name);
    },
    // A warning: a lab runs all the same, and virsh need not be there.
    { ignoreErrors: true },
  );
  return { ...clearsOrphans(resource, uri), afterCreate: [close] };
}

/** @throws Error that says what stays open; the engine shows it as a warning */
export async function closePool(uri: string, name: string): Promise<void> {
  try {
    const group = qemuGroup(await say(uri, "capabilities"));
    const xml = closedPool(await say(uri, "pool-dumpxml", "--inactive", name), group);
    await say(uri, "pool-destroy", name); // stops it; the definition and the folder stay
    try {
      await define(uri, xml);
      await say(uri, "pool-build", name);
    } finally {
      await say(uri, "pool-start", name);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const cure = "Restrict its folder to root and QEMU (docs/security.md).";
    throw new Error(
      `Every user of the hypervisor can read the private keys in the pool ${name}: ${why}. ${cure}`,
      { cause: error },
    );
  }
}

async function define(uri: string, xml: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "vxlab-pool-"));
  try {
    writeFileSync(join(folder, "pool.xml"), xml);
    await say(uri, "pool-define", join(folder, "pool.xml"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const say = (uri: string, ...words: string[]): Promise<string> => virshOutput(uri, words);
