/** Finds and removes what a lab has on a hypervisor, by the lab's id in the names and nothing else. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { embeddedPlaces, embeddedScript } from "../../system/paths";
import { domainStates, undefineWords, virsh, virshOutput } from "../../components/libvirt/virsh";
import { must } from "../../system/process";
import type { Context } from "../command";

/** Things in a libvirt that carry a lab's id. */
export interface Leftovers {
  domains: string[];
  networks: string[];
  pools: string[];
}

const none: Leftovers = { domains: [], networks: [], pools: [] };

export async function leftovers(uri: string, ids: readonly string[]): Promise<Leftovers> {
  if (ids.length === 0) return none;
  const ours = (text: string) =>
    text.split("\n").filter((name) => ids.some((id) => name.trim().startsWith(`vxlab-${id}-`)));
  const list = async (words: string[]) => ours(await virshOutput(uri, words)).map((name) => name.trim());
  return {
    domains: await list(["list", "--all", "--name"]),
    networks: await list(["net-list", "--all", "--name"]),
    pools: await list(["pool-list", "--all", "--name"]),
  };
}

/** Machines of the labs that are not running, by name. Off: after a reboot of this machine, or shut off by hand. */
export interface Idle {
  off: string[];
  /** Paused by hand, or by libvirt after a disk error. */
  paused: string[];
}

/** Empty lists when libvirt does not answer. */
export async function idle(uri: string, ids: readonly string[]): Promise<Idle> {
  const states = await domainStates(uri, { limit: 20_000 }).catch(() => new Map<string, string>());
  const ours = [...states].filter(([name]) => ids.some((id) => name.startsWith(`vxlab-${id}-`)));
  const namesIn = (state: string) => ours.filter(([, found]) => found === state).map(([name]) => name);
  return { off: namesIn("shut off"), paused: namesIn("paused") };
}

/** Resumes a paused machine. Returns virsh's reason when it cannot. */
export async function resume(uri: string, name: string): Promise<string | undefined> {
  const { end, why } = await virsh(uri, ["resume", name]);
  return end === "done" ? undefined : why;
}

export const describe = ({ domains, networks, pools }: Leftovers): string[] => [
  ...domains.map((name) => `machine ${name}`),
  ...networks.map((name) => `network ${name}`),
  ...pools.map((name) => `pool ${name}`),
];

/** Machines first, since they use the rest. Failures are ignored: the caller looks at what is left. */
export async function sweep(uri: string, ids: readonly string[]): Promise<string[]> {
  const found = await leftovers(uri, ids);
  for (const domain of found.domains) {
    await virsh(uri, ["destroy", domain]);
    await virsh(uri, undefineWords(domain));
  }
  for (const pool of found.pools) await removePool(uri, pool);
  for (const network of found.networks) {
    await virsh(uri, ["net-destroy", network]);
    await virsh(uri, ["net-undefine", network]);
  }
  return describe(found);
}

async function removePool(uri: string, pool: string): Promise<void> {
  await virsh(uri, ["pool-start", pool]);
  await virsh(uri, ["pool-refresh", pool]);
  const { stdout } = await virsh(uri, ["vol-list", "--pool", pool]);
  const volumes = stdout.split("\n").map((line) => line.trim().split(/\s+/)[0] ?? "");
  for (const volume of volumes.filter((name) => name !== ""))
    await virsh(uri, ["vol-delete", "--pool", pool, volume]);
  await virsh(uri, ["pool-destroy", pool]);
  await virsh(uri, ["pool-delete", pool]);
  await virsh(uri, ["pool-undefine", pool]);
}

export async function purgeEmbedded(context: Context): Promise<void> {
  const env = { ...context.environment, VXLAB_ROOT: context.paths.root };
  await must(embeddedScript(context.paths), ["purge"], { env, timeout: 120 });
}

/** Time limit for processes to end, seconds: QEMU first flushes its disk. */
const ENDING_LIMIT = 5;

/** What is left after everything was removed. Waits for processes to end. */
export async function lastRemains(context: Context, ids: readonly string[]): Promise<string[]> {
  const limit = Date.now() + ENDING_LIMIT * 1000;
  let remains = embeddedRemains(context, ids);
  while (remains.some((one) => one.startsWith("process ")) && Date.now() < limit) {
    await sleep(100);
    remains = embeddedRemains(context, ids);
  }
  return remains;
}

/** What an embedded lab could have left on the machine: namespace, sockets, data, mounts, processes. */
function embeddedRemains(context: Context, ids: readonly string[]): string[] {
  const { paths } = context;
  const { netns, run } = embeddedPlaces(paths.id);
  const places = [netns, run, join(paths.dot, "libvirt")];
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const ours = mounts
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => places.some((place) => path.startsWith(place)));
  const marks = [run, ...ids.map((id) => `vxlab-${id}-`)];
  return [
    ...places.filter((place) => existsSync(place)),
    ...ours.map((path) => `mount ${path}`),
    ...processesWith(marks).map((pid) => `process ${pid}`),
  ];
}

/** QEMU and dnsmasq name their lab in their arguments. */
function processesWith(marks: readonly string[]): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.map(Number).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return /^[^\0]*(qemu|dnsmasq|libvirt)/.test(words) && marks.some((mark) => words.includes(mark));
    } catch {
      return false; // has just ended
    }
  });
}
