/** One connection for all scripts on a server that is not a lab's: a login costs half a second under emulation. */
import type { Project } from "./project";

/** Short: a unix socket's path is at most 107 bytes (unix(7)). */
const path = ({ paths }: Project) => `ControlPath=/run/vxlab/${paths.id}/own-%h`;

/** Options of ssh for a project whose libvirt runs. */
export const shared = (project: Project): string[] => [
  "ControlMaster=auto",
  path(project),
  "ControlPersist=120",
  "ServerAliveInterval=5",
  "ServerAliveCountMax=2",
];

/** Ends them: the other side is gone, or will be, or nothing may be left here. */
export async function hangUp(project: Project, ...addresses: string[]): Promise<void> {
  for (const address of addresses)
    await project.run("ssh", ["-o", path(project), "-O", "exit", `root@${address}`], { timeout: 10 });
}
