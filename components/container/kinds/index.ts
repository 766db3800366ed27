/** Every kind of container, by its name in the settings and on hosts; index.component.ts has their components. */
import { docker } from "./docker/kind";
import type { Kind } from "./kind";
import { lxc } from "./lxc/kind";

/**
 * What runs a container.
 *
 * @example
 * ```ts
 * const c1: ContainerSpec = { host: "kvm1", kind: ContainerKind.Docker, image: "nginx:1.27" };
 * ```
 */
export enum ContainerKind {
  Lxc = "lxc",
  Docker = "docker",
}

export const CONTAINER_KINDS: Readonly<Record<ContainerKind, Kind>> = {
  [ContainerKind.Lxc]: lxc,
  [ContainerKind.Docker]: docker,
};

export const CONTAINER_WORDS = Object.keys(CONTAINER_KINDS) as ContainerKind[];

/** The functions in a kind's guest.sh with which verify looks at its containers (kind.ts). */
export const probesOf = (word: ContainerKind): string[] => [`${word}_list`, `${word}_state`];

export function isContainerKind(word: unknown): word is ContainerKind {
  return typeof word === "string" && Object.hasOwn(CONTAINER_KINDS, word);
}
