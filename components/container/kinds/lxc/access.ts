import type { ContainerAccess } from "../access";

/** The container's environment is its own: the host's would name paths that do not exist in it. */
const ENVIRONMENT = [
  ...["--clear-env", "--keep-var", "TERM"],
  ...["--set-var", "PATH=/sbin:/bin:/usr/sbin:/usr/bin"],
];

export const lxc: ContainerAccess = {
  title: "LXC",
  runtimeName: (name) => name,
  exec: (name, command) => [
    ...["lxc-attach", "-P", "/var/lib/vxlab/containers", "-n", name],
    ...ENVIRONMENT,
    "--",
    ...command,
  ],
};
