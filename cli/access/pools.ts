/** Pools whose private keys other users of the hypervisor can read. Earlier versions made such pools. */
import { shellWord } from "../../guest/quote";
import { poolFolder, qemuGroup } from "../../components/libvirt/pool-xml";
import { virsh } from "../../components/libvirt/virsh";
import type { Environment } from "../../system/paths";

export interface OpenPool {
  pool: string;
  path: string;
  /** A command for root on the hypervisor. Machines keep running. */
  cure: string;
}

const POOL = /^vxlab-[0-9a-f]{4,}-pool$/;

/** @returns none when the hypervisor does not answer */
export async function openPools(uri: string, environment: Environment): Promise<OpenPool[]> {
  const ask = async (...words: string[]): Promise<string> =>
    (await virsh(uri, words, { environment, limit: 20_000 })).stdout;
  const names = (await ask("pool-list", "--name")).split("\n").map((name) => name.trim());
  const found: OpenPool[] = [];
  for (const pool of names.filter((name) => POOL.test(name))) {
    await ask("pool-refresh", pool); // reads the folder's mode again
    const folder = poolFolder(await ask("pool-dumpxml", pool));
    if (folder?.open !== true) continue;
    const { path } = folder;
    found.push({ pool, path, cure: cureOf(path, await ask("capabilities")) });
  }
  return found;
}

function cureOf(path: string, capabilities: string): string {
  const word = shellWord(path);
  return `chgrp ${groupIn(capabilities)} ${word} && chmod 710 ${word}`;
}

/** QEMU_GROUP where libvirt does not report it. */
function groupIn(capabilities: string): string {
  try {
    return String(qemuGroup(capabilities));
  } catch {
    return "QEMU_GROUP";
  }
}
