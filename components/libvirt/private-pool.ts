/**
 * Keeps the folder of a lab's pool from other users of the hypervisor.
 *
 * The provider gives every volume mode 0644 (dmacvicar/libvirt 0.8.3, libvirt/volume_def.go), and seeds and disks hold private keys. It
 * cannot set the mode of a pool except by a stylesheet, which would replace existing pools. So a hook changes the folder of a new, still
 * empty pool to mode 0710 with QEMU's group.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { closedPool, qemuGroup } from "./pool-xml";
import { LIBVIRT_NAME } from "../naming";
import { clearsOrphans } from "./orphans";
import { virsh } from "./virsh";

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
    // Only a warning: the lab works anyway, and virsh need not be installed.
    { ignoreErrors: true },
  );
  return { ...clearsOrphans(resource, uri), afterCreate: [close] };
}

/** @throws Error that says what stays open; the engine shows it as a warning */
export async function closePool(uri: string, name: string): Promise<void> {
  try {
    const said = await all(uri, ["capabilities", `pool-dumpxml --inactive ${name}`]);
    const [pool = ""] = /<pool\b[^]*<\/pool>/.exec(said) ?? [];
    await define(uri, name, closedPool(pool, qemuGroup(said)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const cure = "Restrict its folder to root and QEMU (docs/security.md).";
    throw new Error(
      `Every user of the hypervisor can read the private keys in the pool ${name}: ${why}. ${cure}`,
      { cause: error },
    );
  }
}

/** pool-destroy stops the pool; its definition and its folder stay. pool-start runs last even if another command fails. */
async function define(uri: string, name: string, xml: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "vxlab-pool-"));
  const file = join(folder, "pool.xml");
  try {
    writeFileSync(file, xml);
    await all(uri, [
      `pool-destroy ${name}`,
      `pool-define '${file}'`,
      `pool-build ${name}`,
      `pool-start ${name}`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One virsh for several commands. @throws Error when one of them fails */
async function all(uri: string, commands: string[]): Promise<string> {
  const { end, stdout, why, complaints } = await virsh(uri, [commands.join("; ")]);
  if (end === "done" && complaints.length === 0) return stdout;
  throw new Error(`virsh: ${complaints.join("; ") || why}`);
}
