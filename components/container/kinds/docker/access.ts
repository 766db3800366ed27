import type { ContainerAccess } from "../access";

const runtimeName = (name: string): string => `vxlab-${name}`;

export const docker: ContainerAccess = {
  title: "Docker",
  runtimeName,
  // With -t Docker creates the container's end of the terminal.
  exec: (name, command, terminal) => ["docker", "exec", "-i", ...terminal, runtimeName(name), ...command],
};
