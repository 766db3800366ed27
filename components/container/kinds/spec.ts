/** Settings of a container that not every kind has. */
import type { Fields } from "../../../plan/setting";

/** Settings that not every kind has. */
export interface KindSettings {
  /** Docker image by name, on the host already or in a registry; with docker, which needs this or archive. @default none */
  image?: string;
  /**
   * Docker image as a file of docker save on the machine that runs Pulumi; with docker, which needs this or image.
   * @default none
   */
  archive?: string;
  /** Environment variables, names to texts, which may be secret (docs/security.md); with docker only. @default none */
  env?: Record<string, string>;
  /**
   * Root file system as an archive on the machine that runs Pulumi: tar, tar.gz or tar.xz; with lxc only. @default a
   * busybox userland
   */
  rootfs?: string;
  /** Folders that outlive a new container, paths in it to names; with docker only. @default none */
  volumes?: Record<string, string>;
  /** Capabilities beside Docker's own, such as NET_ADMIN; with docker only. @default none */
  capAdd?: string[];
}

export const KIND = {
  image: {
    kind: "text",
    doc: "Docker image by name, on the host already or in a registry; with `docker`, which needs this or `archive`",
  },
  archive: {
    kind: "text",
    doc: "Docker image as a file of `docker save` on the machine that runs Pulumi; with `docker`, which needs this or `image`",
  },
  env: {
    kind: "texts",
    doc: "environment variables, names to texts, which may be secret ([security.md](security.md#secrets-of-your-own)); with `docker` only",
  },
  rootfs: {
    kind: "text",
    usual: "a busybox userland",
    doc: "root file system as an archive on the machine that runs Pulumi: tar, tar.gz or tar.xz; with `lxc` only ([rootfs](#lxc-containers-from-an-archive))",
  },
  volumes: {
    kind: "texts",
    doc: "folders that outlive a new container, paths in it to names; with `docker` only ([docker](#docker-containers))",
  },
  capAdd: {
    kind: "list",
    doc: "capabilities beside Docker's own, such as `NET_ADMIN`; with `docker` only ([docker](#docker-containers))",
  },
} as const satisfies Fields<KindSettings>;
