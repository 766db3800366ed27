/** Finds how a lab's machines differ from the plan, as their hypervisors report. */
import { basename, dirname, join } from "node:path";
import { virsh, virshOutput } from "../../components/libvirt/virsh";
import type { Options } from "../../components/libvirt/virsh";
import type { HostOutput, LabOutput } from "../../plan/contract";
import { run } from "../../system/process";

/** What is wrong with a machine. */
export interface MachineFault {
  host: string;
  uri: string;
  domain: string;
  what:
    | "undefined"
    | "transient"
    | "stopped"
    | "paused"
    | "no network"
    | "transient network"
    | "network"
    | "tap"
    | "disk"
    | "image";
  /** In words. */
  found: string;
  /** The network that something is wrong with, or the tap and its bridge. */
  network?: string;
  tap?: string;
  bridge?: string;
}

/** How the network devices of a hypervisor that is this computer are seen: words before `ip`; undefined elsewhere. */
export type Near = (uri: string) => readonly string[] | undefined;

/** @throws Error when a hypervisor does not answer in time */
export async function machineFaults(
  lab: LabOutput,
  uris: readonly string[],
  near: Near,
  options: Options,
): Promise<MachineFault[]> {
  const machines = lab.hosts.filter(({ domain }) => domain !== undefined);
  if (machines.length === 0 || uris.length === 0) return [];
  const all = await Promise.all(uris.map((uri) => hypervisorOf(uri, lab.id, near, options)));
  return machines.flatMap((host) => faultsOf(host, all));
}

interface Seen {
  uri: string;
  /** State of each domain, by name. */
  states: ReadonlyMap<string, string>;
  /** Interfaces of domains, by domain. */
  nics: ReadonlyMap<string, readonly Nic[]>;
  /** Networks that are active, and all of them. */
  active: ReadonlySet<string>;
  networks: ReadonlySet<string>;
  /** Domains and networks that no longer exist once they stop, since their definitions were removed while they ran (transient). */
  transient: ReadonlySet<string>;
  /** Ports of networks, by id. */
  ports: ReadonlySet<string>;
  /** Volumes that are missing, by domain. */
  missing: ReadonlyMap<string, readonly Missing[]>;
  /** The bridge of each device; undefined where that cannot be seen. */
  masters: ReadonlyMap<string, string> | undefined;
}

interface Nic {
  network: string;
  port: string;
  tap: string;
  bridge: string;
}

/** virsh -q prints no line break after what its `echo` says, and a list without entries prints nothing. */
const MARK = "=vxlab=";
const AFTER = new RegExp(`${MARK}\n?`);
const LISTS = [
  ...["list --all", "list --all --name", "net-list --all --name", "net-list --name"],
  ...["list --transient --name", "net-list --transient --name", "pool-list --name"],
];
const NOTHING = { end: "done", stdout: "", why: "" } as const;

async function hypervisorOf(uri: string, lab: string, near: Near, options: Options): Promise<Seen> {
  // pool-list prints a space after each name.
  const own = (text: string) =>
    text.split("\n").flatMap((name) => (name.startsWith(`vxlab-${lab}-`) ? [name.trim()] : []));
  const texts = (await virshOutput(uri, [LISTS.join(`; echo ${MARK}; `)], options)).split(AFTER);
  const [states = "", names = "", networks = "", active = "", domain = "", net = "", pool = ""] = texts;
  const [domains, nets, pools] = [own(names), own(active), own(pool)];
  const ask = [
    ...domains.map((name) => `dumpxml ${name}`),
    ...nets.map((name) => `net-port-list ${name}`),
    // libvirt lists what it saw at the last refresh, and does not notice files that others add or remove.
    ...pools.map((name) => `pool-refresh ${name}; vol-list ${name}`),
  ];
  const { end, stdout, why } =
    ask.length === 0 ? NOTHING : await virsh(uri, [ask.join(`; echo ${MARK}; `)], options);
  // A domain may have been removed since the list; the end is then "failed".
  if (end === "late" || end === "absent") throw new Error(`virsh dumpxml: ${why}`);
  const answers = stdout.split(AFTER);
  const ofNets = answers.slice(domains.length, domains.length + nets.length);
  const ofPools = answers.slice(domains.length + nets.length);
  const volumes = new Map(pools.map((name, i) => [name, pathsIn(ofPools[i] ?? "")]));
  return {
    uri,
    states: new Map(states.split("\n").flatMap(stateIn)),
    nics: new Map(domains.map((name, i) => [name, nicsIn(answers[i] ?? "")])),
    active: new Set(nets),
    networks: new Set(own(networks)),
    transient: new Set([domain, net].flatMap(own)),
    ports: new Set(ofNets.flatMap((text) => text.match(/[0-9a-f-]{36}/g) ?? [])),
    missing: new Map(domains.map((name, i) => [name, missingOf(answers[i] ?? "", volumes)])),
    masters: await mastersOf(near(uri)),
  };
}

/** A row of `virsh list`. */
function stateIn(line: string): [string, string][] {
  const [, name, state] = /^\s*(?:\d+|-)\s+(\S+)\s+(\S.*?)\s*$/.exec(line) ?? [];
  return name === undefined || state === undefined ? [] : [[name, state]];
}

/** The interfaces on networks in the XML of a domain (formatdomain); one that does not run has no port, tap and bridge. */
function nicsIn(xml: string): Nic[] {
  return [...xml.matchAll(/<interface type='network'>.*?<\/interface>/gs)].map(([text]) => {
    const of = (pattern: RegExp) => pattern.exec(text)?.[1] ?? "";
    return {
      network: of(/ network='([^']*)'/),
      port: of(/ portid='([^']*)'/),
      tap: of(/<target dev='([^']*)'/),
      bridge: of(/ bridge='([^']*)'/),
    };
  });
}

/** Rows of `virsh vol-list`: a name and a path. */
const pathsIn = (text: string): string[] =>
  [...text.matchAll(/^\s*\S+\s+(\/\S*)\s*$/gm)].map(([, path = ""]) => path);

interface Missing {
  what: "disk" | "image";
  volume: string;
}

/**
 * Disks in the XML of a domain, and kernel, initrd and the images below its disks, that are in the folder of a pool, and that the pool does not
 * list. A pool that lists nothing is ignored.
 */
function missingOf(xml: string, volumes: ReadonlyMap<string, readonly string[]>): Missing[] {
  const there = new Set([...volumes.values()].flat());
  const folders = new Set([...there].map((path) => dirname(path)));
  const inPool = (pool: string, volume: string) => join(dirname(volumes.get(pool)?.[0] ?? ""), volume);
  const lost = (what: Missing["what"], wanted: readonly string[]) =>
    [...new Set(wanted)]
      .filter((path) => folders.has(dirname(path)) && !there.has(path))
      .map((path) => ({ what, volume: basename(path) }));
  const disks = [...xml.matchAll(/<source pool='([^']*)' volume='([^']*)'/g)];
  const images = [...xml.matchAll(/<(?:kernel>|initrd>|source file=')([^'<]*)/g)];
  return [
    ...lost(
      "disk",
      disks.map(([, pool = "", name = ""]) => inPool(pool, name)),
    ),
    ...lost(
      "image",
      images.map(([, path = ""]) => path),
    ),
  ];
}

/** "3: vnet0: <…> mtu 1500 … master virbr0 …" */
async function mastersOf(words: readonly string[] | undefined): Promise<Map<string, string> | undefined> {
  if (words === undefined) return undefined;
  const [program = "ip", ...args] = [...words, "ip", "-o", "link", "show"];
  const { code, stdout } = await run(program, args, { timeout: 10 });
  if (code !== 0) return undefined;
  const rows = stdout.split("\n").flatMap((line) => {
    const [, device] = /^\d+: ([^:@]+)[:@]/.exec(line) ?? [];
    return device === undefined ? [] : [[device, / master (\S+)/.exec(line)?.[1] ?? ""] as const];
  });
  return new Map(rows);
}

function faultsOf({ name: host, domain = "" }: HostOutput, all: readonly Seen[]): MachineFault[] {
  const seen = all.find(({ states }) => states.has(domain));
  const [only] = all;
  if (seen === undefined)
    return only === undefined
      ? []
      : [{ host, domain, uri: only.uri, what: "undefined", found: `${domain} is not defined in libvirt` }];
  const about = { host, domain, uri: seen.uri };
  const lost = seen.transient.has(domain)
    ? [
        {
          ...about,
          what: "transient" as const,
          found: `is not defined in libvirt: it no longer exists once it stops`,
        },
      ]
    : [];
  const disks = (seen.missing.get(domain) ?? []).map(({ what, volume }): MachineFault => {
    const then = what === "disk" ? "recreates the machine" : "uploads it again";
    return { ...about, what, found: `has lost its volume ${volume}: up ${then}` };
  });
  const onNics = [
    ...lost,
    ...disks,
    ...(seen.nics.get(domain) ?? []).flatMap((nic) => onNic(about, nic, seen)),
  ];
  const state = seen.states.get(domain);
  if (state === "running") return onNics;
  if (state === "paused") return [{ ...about, what: "paused", found: "is paused" }, ...onNics];
  const found = `is ${state === "shut off" ? "stopped" : state}`;
  return [{ ...about, what: "stopped", found }, ...onNics];
}

function onNic(about: Pick<MachineFault, "host" | "domain" | "uri">, nic: Nic, seen: Seen): MachineFault[] {
  const { network, tap, bridge } = nic;
  const of = { ...about, network, tap, bridge };
  if (!seen.networks.has(network))
    return [{ ...of, what: "no network", found: `network ${network} is not defined` }];
  if (!seen.active.has(network)) return [{ ...of, what: "network", found: `network ${network} is stopped` }];
  const lost = `network ${network} is not defined in libvirt: it no longer exists once it stops`;
  const onNetwork: MachineFault[] = seen.transient.has(network)
    ? [{ ...of, what: "transient network", found: lost }]
    : [];
  if (tap === "") return onNetwork;
  // libvirt forgets its port after net-destroy and net-start, so the devices decide where they are visible.
  const isOff = seen.masters === undefined ? !seen.ports.has(nic.port) : seen.masters.get(tap) !== bridge;
  if (!isOff) return onNetwork;
  return [
    ...onNetwork,
    { ...of, what: "tap", found: `its tap ${tap} is not on the bridge ${bridge} of network ${network}` },
  ];
}
