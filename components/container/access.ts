/** Every kind of container, by the word that the settings and the hosts have for it. */
import { ContainerKind } from "../../plan/types";
import type { ContainerAccess } from "./kinds/access";
import { docker } from "./kinds/docker/access";
import { lxc } from "./kinds/lxc/access";

export const CONTAINER_ACCESS: Readonly<Record<ContainerKind, ContainerAccess>> = {
  [ContainerKind.Lxc]: lxc,
  [ContainerKind.Docker]: docker,
};
