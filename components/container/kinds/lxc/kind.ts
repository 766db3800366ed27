import type { Kind } from "../kind";

/** The container's environment is its own: the host's would name paths that do not exist in it. */
const ENVIRONMENT = [
  ...["--clear-env", "--keep-var", "TERM"],
  ...["--set-var", "PATH=/sbin:/bin:/usr/sbin:/usr/bin"],
];

export const lxc: Kind = {
  title: "LXC",
  component: "LxcContainer",
  scripts: ["guest.sh", "root.sh"],
  command: ["/sbin/init"],
  settings: [],
  keepsRoot: true,
  limit: "an LXC container's files are a busybox userland",
  resolve: () => ({}),
  // Name of its root, an archive of the machine image; "busybox" is made on any host.
  state: () => ({ rootfs: "busybox" }),
  runtimeName: (name) => name,
  exec: (name, command) => [
    ...["lxc-attach", "-P", "/var/lib/vxlab/containers", "-n", name],
    ...ENVIRONMENT,
    "--",
    ...command,
  ],
};
