/** Whether anything of a copy is left on the machine, looked for without the CLI's own list of what could be. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../../system/paths";

/** A copy of the project, or whatever else has a libvirtd of its own. */
export interface Owner {
  root: string;
  namespace: string;
  paths: Pick<Paths, "id" | "dot">;
}

export function remains(project: Owner, labIds: readonly string[]): string[] {
  const { paths } = project;
  const marks = marksOf(project, labIds);
  const places = [`/run/netns/${project.namespace}`, `/run/vxlab/${paths.id}`, join(paths.dot, "libvirt")];
  const system = ["/var/lib/libvirt/images", "/etc/libvirt"].flatMap(below);
  return [
    ...places.filter((place) => existsSync(place)),
    ...[...mounts(), ...system].filter((line) => marks.some((mark) => line.includes(mark))),
    ...processesOf(marks).map(({ pid, words }) => `process ${pid}: ${words}`),
  ];
}

/** What names hold that are a lab's. */
export const marksOf = ({ root, namespace, paths }: Owner, labIds: readonly string[]): string[] => [
  ...[root, `/run/vxlab/${paths.id}`, namespace],
  ...labIds.map((id) => `vxlab-${id}-`),
];

/** @param of a process, in whose mount namespace they are */
export const mounts = (of: string | number = "self"): string[] =>
  attempt(() => readFileSync(`/proc/${of}/mountinfo`, "utf8")).split("\n");

/** Every path below a folder. */
export const below = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
    : [];

export interface Process {
  pid: number;
  /** Short, and without the environment: it is nobody's business in a report. */
  words: string;
}

/** A process belongs to a lab by its arguments, its working folder, its program or its environment. */
export function processesOf(marks: readonly string[]): Process[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    const text = (name: string) => attempt(() => readFileSync(`/proc/${pid}/${name}`, "utf8"));
    const link = (name: string) => attempt(() => readlinkSync(`/proc/${pid}/${name}`));
    const words = text("cmdline");
    const signs = [words, link("cwd"), link("exe"), text("environ")];
    const ours = signs.some((sign) => marks.some((mark) => sign.includes(mark)));
    return ours ? [{ pid: Number(pid), words: words.replaceAll("\0", " ").slice(0, 80) }] : [];
  });
}

/** A process may end while it is looked at, and the kernel's own have no program. */
function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
