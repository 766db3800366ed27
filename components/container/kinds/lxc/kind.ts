import { isText } from "../../../../plan/rules";
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
  settings: ["rootfs"],
  keepsRoot: true,
  limit: "an LXC container is made from a root file system",
  file: { key: "rootfs", holds: "a root file system as tar, tar.gz or tar.xz" },
  resolve({ spec: { rootfs }, at }, said) {
    if (rootfs === undefined) return {};
    if (isText(rootfs)) return { rootfs };
    said.say(at("rootfs"), rootfs, "Is not a file path.", "Write the path of an archive, or leave it out.");
    return undefined;
  },
  // The SHA-256 of its archive, which was copied to the host before, or the name of a root of the machine image; "busybox" is made on
  // any host.
  state: ({ rootfs = "busybox" }) => ({ rootfs }),
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
