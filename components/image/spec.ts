/** The setting `image`: what the machines boot. */
import type { Fields } from "../../plan/setting";

/**
 * What the machines boot.
 *
 * @example
 * ```ts
 * const image: ImageSpec = { kind: ImageKind.Docker };
 * ```
 */
export enum ImageKind {
  /** The image that image/build.sh makes: direct kernel boot, busybox init, everything baked in. */
  Golden = "golden",
  /** The same with Debian's Docker in it, which image/docker.sh makes. */
  Docker = "docker",
  /** A stock cloud image (systemd, cloud-init), booted by its own boot loader. */
  Cloud = "cloud",
}

/**
 * What the machines boot.
 *
 * @example
 * ```ts
 * const image: ImageSpec = { kind: ImageKind.Cloud, path: "/images/debian-12.qcow2" };
 * ```
 */
export interface ImageSpec {
  /**
   * What the machines boot; golden (built by vxlab), docker (the same with Docker in it), cloud (a stock image with
   * systemd and cloud-init). @default golden
   */
  kind?: ImageKind;
  /** A qcow2 file on the machine that runs Pulumi; required for cloud. @default built */
  path?: string;
}

export const IMAGE = {
  kind: {
    kind: "choice",
    choices: {
      [ImageKind.Golden]: "built by vxlab",
      [ImageKind.Docker]: "the same with Docker in it",
      [ImageKind.Cloud]: "a stock image with systemd and cloud-init",
    },
    default: ImageKind.Golden,
    doc: "what the machines boot",
  },
  path: {
    kind: "text",
    usual: "built",
    doc: "a qcow2 file on the machine that runs Pulumi; required for `cloud`",
  },
} as const satisfies Fields<ImageSpec>;
