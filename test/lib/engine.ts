/** The engine as a process, and what it was about to do when it ended. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project";

/** Pid of the Pulumi that runs `verb` for this copy. */
export function engineOf(project: Project, verb: string): number | undefined {
  const program = join(project.paths.dot, "toolchain", "pulumi");
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    const [path, ...words] = argumentsOf(pid);
    return path === program && words.includes(verb);
  });
  return found === undefined ? undefined : Number(found);
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // ended in this moment
  }
}

/** The lab's id in libvirt, from the state as it is on the disk, whole or not. Undefined without a state, as when `down` has ended. */
export function labIdOf(project: Project): string | undefined {
  const file = join(project.paths.state, ".pulumi", "stacks", "vxlab", "lab.json");
  if (!existsSync(file)) return undefined;
  return /"hex": *"([0-9a-f]{8})"/.exec(readFileSync(file, "utf8"))?.[1];
}
