import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { child, libvirtName, token } from "../naming";
import { clearsOrphans } from "../libvirt/orphans";
import { closesPool } from "../libvirt/private-pool";

export interface GuestImageArgs {
  /** The lab's id: part of every name in libvirt. */
  labId: pulumi.Input<string>;
  /** Identity of the image: a change replaces it and every machine that boots from it. */
  version: pulumi.Input<string>;
  /** Root disk, a qcow2 file where Pulumi runs; read when the image is first made, not compared later. */
  root: pulumi.Input<string>;
  /** Kernel file for direct boot. @default none: the root disk's own boot loader */
  kernel?: pulumi.Input<string>;
  /** Initial RAM disk for direct boot. @default none */
  initrd?: pulumi.Input<string>;
  /** Kernel command line for direct boot, without secrets. @default none */
  cmdline?: pulumi.Input<string>;
  /**
   * Folder of the pool on the hypervisor. The volumes in it hold private keys and are readable by every user: see that
   * only root and QEMU can enter the folder. @default /var/lib/libvirt/images/vxlab-<id>-pool, which nobody else enters
   */
  poolPath?: pulumi.Input<string>;
  /** The hypervisor's URI: lets a failed create be cleared away. @default nothing is cleared */
  libvirtUri?: string;
}

/** What a machine boots from, on one hypervisor. */
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

/** A guest image on one hypervisor: a pool, the root disk that all machines share, kernel and initrd. */
export class GuestImage extends pulumi.ComponentResource {
  /** Everything that a `KvmHost` asks of an image. */
  public readonly image: pulumi.Output<MachineImageArgs>;

  constructor(name: string, args: GuestImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token("GuestImage"), name, args, opts);
    const pool = this.pool(name, args);
    const root = this.volume(name, "root", args, pool, args.root, "qcow2");
    const kernel =
      args.kernel === undefined ? undefined : this.volume(name, "kernel", args, pool, args.kernel, "raw");
    const initrd =
      args.initrd === undefined ? undefined : this.volume(name, "initrd", args, pool, args.initrd, "raw");
    this.image = pulumi.output({
      pool: pool.name,
      rootVolumeId: root.id,
      kernel: kernel?.id,
      initrd: initrd?.id,
      cmdline: args.cmdline,
    });
    this.registerOutputs({ image: this.image });
  }

  private pool(name: string, args: GuestImageArgs): libvirt.Pool {
    const poolName = libvirtName(args.labId, "pool");
    const path = args.poolPath ?? pulumi.interpolate`/var/lib/libvirt/images/${poolName}`;
    return new libvirt.Pool(
      child(name, "pool"),
      { name: poolName, type: "dir", target: { path } },
      {
        parent: this,
        deleteBeforeReplace: true,
        hooks:
          args.poolPath === undefined
            ? closesPool(child(name, "pool"), args.libvirtUri)
            : clearsOrphans(child(name, "pool"), args.libvirtUri),
      },
    );
  }

  private volume(
    name: string,
    part: string,
    args: GuestImageArgs,
    pool: libvirt.Pool,
    source: pulumi.Input<string>,
    format: string,
  ): libvirt.Volume {
    return new libvirt.Volume(
      child(name, part),
      {
        name: libvirtName(args.labId, pulumi.interpolate`${part}-${args.version}`),
        pool: pool.name,
        source,
        format,
      },
      {
        parent: this,
        deleteBeforeReplace: true,
        // The version names the content. A cache that moved must not rebuild every machine.
        ignoreChanges: ["source"],
        // The / keeps it apart from the root disk of a host that is called "image".
        hooks: clearsOrphans(`${name}/${part}`, args.libvirtUri),
      },
    );
  }
}
