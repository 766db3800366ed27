import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { clearsOrphans } from "../libvirt/orphans";
import { closesPool } from "../libvirt/private-pool";
import { child, labIdIn, libvirtName, token } from "../naming";
import { ImageSource, filesOf } from "./files.component";

/**
 * A guest image as a program asks for it.
 *
 * @example
 * ```ts
 * const args: GuestImageArgs = { labId: "e0a1", kind: ImageKind.Docker };
 * ```
 */
export interface GuestImageArgs extends ImageSource {
  /** The lab's id: part of every name in libvirt. */
  labId: pulumi.Input<string>;
  /**
   * Folder of the pool on the hypervisor. The volumes in it hold private keys and are readable by every user: make sure that only root and
   * QEMU can enter the folder. @default /var/lib/libvirt/images/vxlab-<id>-pool, which nobody else enters
   */
  poolPath?: pulumi.Input<string>;
  /** The hypervisor's URI: lets a failed create be cleared away. @default nothing is cleared */
  libvirtUri?: string;
}

/**
 * What a machine boots from, on one hypervisor.
 *
 * @example
 * ```ts
 * const image: MachineImageArgs = { pool: "images", rootVolumeId: "/var/lib/libvirt/images/root.qcow2" };
 * ```
 */
export interface MachineImageArgs {
  /** Name of the libvirt pool that holds the image and the machines' disks. */
  pool: pulumi.Input<string>;
  /** Volume that the machines' disks are overlays of. */
  rootVolumeId: pulumi.Input<string>;
  /** Volume of the kernel for direct boot. @default none: the root disk's own boot loader */
  kernel?: pulumi.Input<string>;
  /** Volume of the initial RAM disk for direct boot. @default none */
  initrd?: pulumi.Input<string>;
  /** Kernel command line for direct boot, without secrets. @default none */
  cmdline?: pulumi.Input<string>;
}

/**
 * A guest image on one hypervisor: a pool, the root disk that all machines share, kernel and initrd.
 *
 * @throws RunError when the image has to be built and Pulumi is not run by root, or with a kernel and no `root`
 * @example
 * ```ts
 * const { image } = new GuestImage("image", { labId: "e0a1" });
 * ```
 */
export class GuestImage extends pulumi.ComponentResource {
  /** Everything that a `KvmHost` needs of an image. */
  public readonly image: pulumi.Output<MachineImageArgs>;

  constructor(name: string, args: GuestImageArgs, opts?: pulumi.ComponentResourceOptions) {
    const { labId, poolPath, libvirtUri } = args;
    const files = filesOf(name, args);
    super(token("GuestImage"), name, { labId, poolPath, libvirtUri, ...files }, opts);
    const pool = poolOf(name, args, this);
    const context = { name, labId, libvirtUri, pool, version: files.version, parent: this };
    this.image = pulumi.output({
      pool: pool.name,
      rootVolumeId: volume(context, "root", files.root, "qcow2").id,
      kernel: files.kernel === undefined ? undefined : volume(context, "kernel", files.kernel, "raw").id,
      initrd: files.initrd === undefined ? undefined : volume(context, "initrd", files.initrd, "raw").id,
      cmdline: files.cmdline,
    });
    this.registerOutputs({ image: this.image });
  }
}

/**
 * The lab's id for a machine without one in its arguments: the image's, which is in the name of its pool.
 *
 * @throws RunError for a pool that no GuestImage made
 */
export function labIdOfImage(name: string, image: pulumi.Input<MachineImageArgs>): pulumi.Output<string> {
  return pulumi.output(image).pool.apply((pool) => {
    const labId = labIdIn(pool, "pool");
    if (labId !== undefined) return labId;
    throw new pulumi.RunError(
      `${token("KvmHost")} ${name} has no labId, and no GuestImage made the pool ${pool}. Write labId.`,
    );
  });
}

function poolOf(name: string, args: GuestImageArgs, parent: pulumi.Resource): libvirt.Pool {
  const { labId, poolPath, libvirtUri } = args;
  const self = child(name, "pool");
  const poolName = libvirtName(labId, "pool");
  const path = poolPath ?? pulumi.interpolate`/var/lib/libvirt/images/${poolName}`;
  const hooks = poolPath === undefined ? closesPool(self, libvirtUri) : clearsOrphans(self, libvirtUri);
  return new libvirt.Pool(
    self,
    { name: poolName, type: "dir", target: { path } },
    { parent, deleteBeforeReplace: true, hooks },
  );
}

/** What all volumes of an image have in common. */
interface VolumeContext {
  name: string;
  labId: pulumi.Input<string>;
  libvirtUri?: string;
  pool: libvirt.Pool;
  version: pulumi.Input<string>;
  parent: pulumi.Resource;
}

function volume(
  context: VolumeContext,
  part: string,
  source: pulumi.Input<string>,
  format: string,
): libvirt.Volume {
  const { name, labId, libvirtUri, pool, version, parent } = context;
  return new libvirt.Volume(
    child(name, part),
    { name: libvirtName(labId, pulumi.interpolate`${part}-${version}`), pool: pool.name, source, format },
    {
      parent,
      deleteBeforeReplace: true,
      // Compared by version, not by path: a cache that moved must not rebuild every machine.
      ignoreChanges: ["source"],
      // The / keeps it apart from the root disk of a host that is called "image".
      hooks: clearsOrphans(`${name}/${part}`, libvirtUri),
    },
  );
}
