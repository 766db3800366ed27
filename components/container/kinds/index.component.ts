/** The components of all kinds of containers. The package exports all of this; a `Kind` names its class. */
export { DockerContainer, DockerContainerArgs } from "./docker/component";
export { LxcContainer, LxcContainerArgs } from "./lxc/component";
