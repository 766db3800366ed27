/** The folder of a libvirt pool, in libvirt's XML (libvirt.org/formatstorage.html). */

/** Root enters and reads, QEMU's group enters, nobody else does. */
const CLOSED = "0710";

/** @returns the pool's XML with a folder that only root and a group enter */
export function closedPool(pool: string, group: number): string {
  const words = `<permissions><mode>${CLOSED}</mode><owner>0</owner><group>${group}</group></permissions>`;
  const bare = pool.replace(/<permissions>[^]*?<\/permissions>/, "");
  if (!bare.includes("</path>")) throw new Error("libvirt describes the pool without a folder");
  return bare.replace("</path>", `</path>${words}`);
}

/** The base label of the security model "dac" is QEMU's user and group. @param capabilities `virsh capabilities` */
export function qemuGroup(capabilities: string): number {
  const label = /<model>dac<\/model>[^]*?<baselabel type='(?:kvm|qemu)'>\+\d+:\+(\d+)<\/baselabel>/;
  const found = label.exec(capabilities)?.[1];
  if (found === undefined) throw new Error("libvirt does not say which group QEMU has");
  return Number(found);
}

export interface PoolFolder {
  path: string;
  /** True when other users than root and the group can enter. */
  open: boolean;
}

/** @param pool `virsh pool-dumpxml` of an active pool, which has the folder's own mode */
export function poolFolder(pool: string): PoolFolder | undefined {
  const path = /<path>([^<]*)<\/path>/.exec(pool)?.[1];
  const mode = /<mode>0*([0-7]+)<\/mode>/.exec(pool)?.[1];
  if (path === undefined || mode === undefined) return undefined;
  return { path, open: (Number.parseInt(mode, 8) & 0o001) !== 0 };
}
