import type { Kind } from "../kind";

/** The container's environment is its own: the host's would name paths that do not exist in it. */
const ENVIRONMENT = [
  ...["--clear-env", "--keep-var", "TERM"],
  ...["--set-var", "PATH=/sbin:/bin:/usr/sbin:/usr/bin"],
];

const BOXES = "/var/lib/vxlab/containers";
const of = (name: string): string[] => ["-P", BOXES, "-n", name];

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
  exec: (name, command) => ["lxc-attach", ...of(name), ...ENVIRONMENT, "--", ...command],
  shell: ["/bin/sh"],
  stop: (name) => ["lxc-stop", ...of(name), "-t", "3"],
  pid: (name) => ["lxc-info", ...of(name), "-pH"],
  logs: (name, lines, follow) => [
    ...["tail", "-n", lines === undefined ? "+1" : String(lines)],
    ...(follow ? ["-F"] : []),
    `${BOXES}/${name}/console`,
  ],
};
