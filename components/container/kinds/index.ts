/** Every kind of container, by the word that the settings and the hosts have for it; index.component.ts has their components. */
import { ContainerKind } from "../spec";
import { docker } from "./docker/kind";
import type { Kind } from "./kind";
import { lxc } from "./lxc/kind";

export const CONTAINER_KINDS: Readonly<Record<ContainerKind, Kind>> = {
  [ContainerKind.Lxc]: lxc,
  [ContainerKind.Docker]: docker,
};

export const CONTAINER_WORDS = Object.keys(CONTAINER_KINDS) as ContainerKind[];

export function isContainerKind(word: unknown): word is ContainerKind {
  return typeof word === "string" && Object.hasOwn(CONTAINER_KINDS, word);
}
