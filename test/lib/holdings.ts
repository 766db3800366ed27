/**
 * What a lab holds on this machine and in its hosts: the same after each round, or something leaks. What others do on the machine meanwhile
 * does not count: everything is found by the lab's own names, or in folders that nobody else uses.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Guests } from "./guests";
import { below, marksOf, mounts, processesOf, type Owner, type Process } from "./remains";

export interface Holdings {
  /** One for each process, namespace, mount, file, …: its kind, a space, and what tells it apart. */
  lines: string[];
  /** Of its processes, resident, bytes. */
  memory: number;
  /** Of its files, on the disk, bytes. */
  bytes: number;
  /** How many files are among those that may come and go. */
  apart: number;
}

/** Where names of anything of a lab may show. */
const SHARED = [
  ...["/run", "/dev/shm", "/etc/libvirt"],
  ...["/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt"],
];
const NAMESPACES = ["net", "mnt", "pid"];

/**
 * @param folders whatever is in them is the lab's
 * @param apart files that may come and go, and are only counted
 */
export function holdings(
  owner: Owner,
  labIds: readonly string[],
  folders: readonly string[],
  apart?: RegExp,
): Holdings {
  const marks = marksOf(owner, labIds);
  const ours = (line: string) => marks.some((mark) => line.includes(mark));
  const processes = processesOf(marks);
  const found = [...folders.flatMap(filesBelow), ...SHARED.flatMap(below).filter(ours)];
  const files = found.filter((path) => apart?.test(path) !== true);
  const spaces = [...below("/run/netns").filter(ours), ...processes.flatMap(namespacesOf)];
  const mounted = ["self", ...processes.map(({ pid }) => pid)].flatMap((pid) =>
    mountedOf(pid, [...marks, ...folders]),
  );
  return {
    lines: [
      ...processes.map(({ words }) => `process ${words}`),
      ...spaces.filter(first).map((name) => `namespace ${name}`),
      ...mounted.map((line) => `mount ${line}`),
      ...files.map((path) => `file ${path}`),
    ],
    memory: sum(processes.map(memoryOf)),
    bytes: sum(files.map(sizeOf)),
    apart: found.length - files.length,
  };
}

const first = (line: string, index: number, all: readonly string[]): boolean => all.indexOf(line) === index;
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Those of packages are left out: a link to the checkout's. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === "node_modules") return [];
    return entry.isDirectory() ? [path, ...filesBelow(path)] : [path];
  });
}

/** Where something is mounted: of a line of mountinfo the root, the place and the source (proc(5)). */
function mountedOf(pid: string | number, marks: readonly string[]): string[] {
  const places = mounts(pid)
    .map((line) => line.split(" "))
    .filter((words) => words.length > 5);
  const lines = places.map((words) => [words[3], words[4], words.at(-2)].join(" "));
  return lines.filter((line) => marks.some((mark) => line.includes(mark)));
}

function namespacesOf({ pid }: Process): string[] {
  const link = (of: string | number, kind: string) =>
    attempt(() => readlinkSync(`/proc/${of}/ns/${kind}`), "");
  const here = NAMESPACES.map((kind) => link("self", kind));
  return NAMESPACES.map((kind) => link(pid, kind)).filter((name) => name !== "" && !here.includes(name));
}

/** proc(5), statm: pages. */
const memoryOf = ({ pid }: Process): number =>
  attempt(() => Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]), 0) * 4096;

/** An image that is sparse takes less than its length. */
const sizeOf = (path: string): number => attempt(() => lstatSync(path).blocks, 0) * 512;

/** It may end, or be deleted, while it is looked at. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Lines that are there more often than before. */
export function grown(before: readonly string[], after: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of before) left.set(line, (left.get(line) ?? 0) + 1);
  return after.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** The connection of whoever asks, and the kernel's own processes, are left out. */
const IN_HOST = `
for p in /proc/[0-9]*; do
  words=$(tr '\\0' ' ' <$p/cmdline 2>/dev/null | cut -c1-100)
  [ -z "$words" ] || echo "process $words"
done | grep -v -e sshd -e '^process sh -s' -e '^process tr ' -e '^process cut '
for kind in net mnt pid; do readlink /proc/[0-9]*/ns/$kind | sort -u | sed "s/:.*//; s/^/namespace /"; done
cut -d' ' -f2,3 /proc/mounts | sed 's/^/mount /'
find / -xdev -path /proc -prune -o -print | sed 's/^/file /'
find /run /tmp /dev/shm | sed 's/^/file /'
ls /sys/class/net | sed 's/^/link /'
for table in bridge port interface qos queue mirror controller manager; do
  ovs-vsctl --no-headings --columns=_uuid list $table | sed "s/.*/row $table/"
done
for bridge in $(ovs-vsctl list-br); do
  ovs-ofctl dump-flows $bridge | sed "1d; s/.*/flow $bridge/"
done
nft list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*/counter/; s/^/rule /'
tc qdisc show | sed 's/^\\(qdisc [^ ]*\\).* dev \\([^ ]*\\).*/\\1 \\2/'
`;

/** What a host of a lab has, by itself and in its containers. */
export async function holdingsOf(guests: Guests, host: string): Promise<string[]> {
  const text = await guests.tell(host, "sh -s", 120, IN_HOST);
  return text.split("\n").filter((line) => line !== "");
}

/** What is in use of a host's memory that nothing could be taken from, bytes: not the cache of its disk. */
export async function memoryUsed(guests: Guests, host: string): Promise<number> {
  const text = await guests.tell(host, "sync; echo 3 >/proc/sys/vm/drop_caches; cat /proc/meminfo");
  const of = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(text)?.[1]) * 1024;
  return of("MemTotal") - of("MemAvailable");
}
