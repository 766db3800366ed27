/** The component of every kind of container. */
import { ContainerKind } from "../spec";
import { DockerContainer } from "./docker/component";
import { LxcContainer } from "./lxc/component";

export const CONTAINER_COMPONENTS = {
  [ContainerKind.Lxc]: LxcContainer,
  [ContainerKind.Docker]: DockerContainer,
};
