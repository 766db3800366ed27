/** The files that machines boot from: those that a program names, else the package's own image. */
import * as pulumi from "@pulumi/pulumi";
import { cloudImage, imageCache, keptImage, ownImage } from "../../image/image";
import { TopologyError } from "../../plan/errors";
import { ImageKind, ImageSpec } from "../../plan/types";
import { token } from "../naming";

/**
 * Files of a guest image, where Pulumi runs.
 *
 * @example
 * ```ts
 * const image: LabImageArgs = { version: "2026-11", root: "/images/root.qcow2" };
 * ```
 */
export interface LabImageArgs {
  /** Identity of the image: a change rebuilds the machines. */
  version: string;
  /** Root disk, a qcow2 file; read when the image is first made, not compared later. */
  root: string;
  /** Kernel file for direct boot. @default none: the root disk's own boot loader */
  kernel?: string;
  /** Initial RAM disk for direct boot, a file. @default none */
  initrd?: string;
  /** Kernel command line for direct boot, without secrets. @default none */
  cmdline?: string;
}

/**
 * The files that a lab's settings name. The package's own image is built by an `up` when it is missing; a preview builds
 * nothing.
 *
 * @throws TopologyError for a `path` that cannot be read; Error when the image has to be built and only root can do that
 */
export function imageFiles({ kind, path }: ImageSpec): LabImageArgs {
  if (path !== undefined)
    return readable("image.path", path, kind === ImageKind.Cloud ? cloudImage : keptImage);
  const own = kind === ImageKind.Docker ? "docker" : "golden";
  return ownImage(own, imageCache(), !pulumi.runtime.isDryRun());
}

/** @throws TopologyError when the file, or one that belongs beside it, cannot be read */
function readable(setting: string, file: string, read: (file: string) => LabImageArgs): LabImageArgs {
  try {
    return read(file);
  } catch (error) {
    const { code, path = file } = error as NodeJS.ErrnoException;
    const message = `Cannot be used: ${path} cannot be read (${code}).`;
    throw new TopologyError([
      {
        path: setting,
        got: file,
        message,
        cure: "Write the path of an image on the machine that runs Pulumi.",
      },
    ]);
  }
}

/**
 * What a `GuestImage` is made of; empty for the package's own image.
 *
 * @example
 * ```ts
 * const source: ImageSource = { kind: ImageKind.Docker };
 * ```
 */
export interface ImageSource {
  /** Which of the package's own images; used without `root`. @default ImageKind.Golden */
  kind?: ImageKind;
  /** A root disk that image/build.sh made and that was kept, its kernel beside it; used without `root`. @default the image cache's */
  path?: string;
  /** Identity of the image: a change replaces it and every machine that boots from it. @default the root disk's size and time */
  version?: pulumi.Input<string>;
  /**
   * Root disk, a qcow2 file where Pulumi runs; read when the image is first made, not compared later.
   * @default the package's own image: found in `$VXLAB_CACHE/image` (`~/.cache/vxlab/image`), built by an `up` when it is missing
   */
  root?: pulumi.Input<string>;
  /** Kernel file for direct boot, with `root`. @default none: the root disk's own boot loader */
  kernel?: pulumi.Input<string>;
  /** Initial RAM disk for direct boot, with `root`. @default none */
  initrd?: pulumi.Input<string>;
  /** Kernel command line for direct boot, with `root`, without secrets. @default none */
  cmdline?: pulumi.Input<string>;
}

/** The files of an image, where Pulumi runs, by name of the volume. */
export interface SourceFiles {
  version: pulumi.Input<string>;
  root: pulumi.Input<string>;
  kernel?: pulumi.Input<string>;
  initrd?: pulumi.Input<string>;
  cmdline?: pulumi.Input<string>;
}

/** @throws RunError with version, kernel, initrd or cmdline but no root; as `imageFiles` */
export function filesOf(name: string, source: ImageSource): SourceFiles {
  const { kind, path, root, version, kernel, initrd, cmdline } = source;
  if (root === undefined) {
    const rest = Object.entries({ version, kernel, initrd, cmdline });
    const [alone] = rest.filter(([, value]) => value !== undefined);
    if (alone === undefined) return imageFiles({ kind, path });
    throw new pulumi.RunError(
      `${token("GuestImage")} ${name} has ${alone[0]} without root. Write root, or leave ${alone[0]} out.`,
    );
  }
  const measured = () => pulumi.output(root).apply((file) => readable("root", file, cloudImage).version);
  return { version: version ?? measured(), root, kernel, initrd, cmdline };
}
