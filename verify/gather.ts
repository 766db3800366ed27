/** Asks the hosts for what a list of checks needs: many hosts at once, each with few and bounded commands. */
import type { HostOutput, LabOutput } from "../plan/contract";
import type { Ask, Recording } from "./ask";
import type { Check, Evidence, HostEvidence } from "./check";
import type { HostFacts } from "./evidence/facts";
import { parsePings, pingsCommand } from "./evidence/pings";
import type { Ping, PingFacts } from "./evidence/pings";
import { PART_NAMES, parseProbe, probeCommand } from "./evidence/probe";
import type { PartName } from "./evidence/probe";
import { LONGEST_TRY, parseTries, triesCommand } from "./evidence/tries";
import type { Tried } from "./evidence/tries";
import { chainsIn, countChains } from "./chains";
import { captureCommand, isAwaited, parseCapture } from "./evidence/wire";
import type { Seen, WirePing } from "./evidence/wire";
import { hostsAtOnce, inTurn, pingsAtOnce } from "./pace";

/** Longest time for a host to answer a probe, ms. */
const PROBE_MS = 40_000;
/** Longest wait for the lease of a DHCP client that has only just started, and how often it is looked for, ms. */
const LEASE_MS = 10_000;
const LOOK_MS = 500;
/** How long to wait for an answer, seconds. If it is late, the ping is sent again, alone (again.ts). */
const PATIENCE = 4;
/** Longest wait for a packet to be printed once its ping has ended, and how often it is looked for, ms. */
const PRINT_MS = 2_000;
const GLANCE_MS = 50;
/** What tcpdump prints when it has started: a ping sent earlier would be missed. */
export const LISTENS = "listening on";

export interface GatherOptions {
  /** Longest time for a host to answer a probe, ms. @default 40000 */
  limit?: number;
  /** How long an answer is waited for, seconds. @default 4 */
  patience?: number;
  /** Answers that the hosts have already given: they are not asked again. @default none */
  known?: Evidence["hosts"];
  /** Gets the hosts' answers before anything is sent; true: they are asked again. @default false */
  probed?: (hosts: Evidence["hosts"]) => Promise<boolean>;
}

export async function gather(
  ask: Ask,
  lab: LabOutput,
  checks: readonly Check[],
  { limit = PROBE_MS, patience = PATIENCE, known, probed }: GatherOptions = {},
): Promise<Evidence> {
  const pings = pingsOf(checks);
  const involved = new Set([...checks, ...pings].map(({ host }) => host));
  const hosts = lab.hosts.filter(({ name }) => involved.has(name));
  const look = async (host: HostOutput): Promise<HostEvidence> => {
    const parts = partsFor(host, checks);
    const wait = pings.length > 0 ? LEASE_MS : 0;
    return known?.get(host.name) ?? (await settled(ask, lab, host, { parts, limit, wait }));
  };
  const probeAll = () => each(ask, hosts, look);
  const [first, ears] = await Promise.all([
    probeAll(),
    each(ask, hosts, (host) => listen(ask, host, checks)),
  ]);
  const found = (await probed?.(first)) === true ? await probeAll() : first;
  const senders = hosts.filter(({ name }) => pings.some(({ host }) => host === name));
  const lanes = pingsAtOnce(senders.length, ask.cores);
  const sent = await each(ask, senders, ({ name }) =>
    send(ask, name, pings, found.get(name), { lanes, patience }),
  );
  const wires = await each(ask, hosts, async ({ name }) => (await ears.get(name)?.()) ?? []);
  const pingFacts = new Map([...sent.values()].flatMap((answers) => [...answers]));
  const tried = await tryAll(ask, lab, checks, found);
  const chains = await countChains(ask, lab, chainsIn(checks), found);
  return {
    ...{ hosts: found, pings: pingFacts, wires },
    ...(tried.size === 0 ? {} : { tried }),
    ...(chains.size === 0 ? {} : { chains }),
  };
}

/** After everything else, since other traffic would change a measured rate. */
async function tryAll(
  ask: Ask,
  { id, hosts }: LabOutput,
  checks: readonly Check[],
  found: Evidence["hosts"],
): Promise<Map<string, Tried>> {
  const triesOn = (host: string) => checks.flatMap((one) => (one.host === host ? (one.tries ?? []) : []));
  const asked = hosts.filter(({ name }) => triesOn(name).length > 0 && "facts" in (found.get(name) ?? {}));
  const answers = await each(ask, asked, async ({ name }) => {
    const own = triesOn(name);
    const limit = PROBE_MS + own.length * LONGEST_TRY * 1000;
    const answer = await ask.ask(name, triesCommand(id, own), { limit });
    return "silent" in answer ? new Map<string, Tried>() : parseTries(answer.stdout);
  });
  return new Map([...answers.values()].flatMap((one) => [...one]));
}

/** Each ping once, though a capture and a check may both want it. */
export function pingsOf(checks: readonly Check[]): Ping[] {
  return [...new Map(checks.flatMap(({ ping }) => (ping ? [[ping.name, ping] as const] : []))).values()];
}

/** What a host must be asked; a host that sends pings is also asked for its containers. */
function partsFor({ name }: HostOutput, checks: readonly Check[]): PartName[] {
  const wanted = new Set<PartName>(checks.flatMap(({ host, needs }) => (host === name ? needs : [])));
  if (checks.some(({ ping, chain }) => ping?.host === name || chain?.ping.host === name))
    wanted.add("containers");
  return PART_NAMES.filter((part) => wanted.has(part));
}

async function each<T>(ask: Ask, hosts: readonly HostOutput[], work: (host: HostOutput) => Promise<T>) {
  const most = hostsAtOnce(ask.cores);
  return new Map(await inTurn(hosts, most, async (host) => [host.name, await work(host)] as const));
}

interface Probe {
  parts: readonly PartName[];
  /** Longest time of a probe, ms. */
  limit: number;
  /** Longest wait for leases, ms: a container must have an address to be pinged, and right after an `up` it may still have no lease. */
  wait: number;
}

async function settled(ask: Ask, lab: LabOutput, host: HostOutput, probe: Probe): Promise<HostEvidence> {
  for (const start = ask.now(); ; await ask.pause(LOOK_MS)) {
    const evidence = await probeOnce(ask, lab, host, probe);
    if ("silent" in evidence || ask.now() - start >= probe.wait) return evidence;
    if (!awaitsLease(lab, host, evidence.facts)) return evidence;
  }
}

async function probeOnce(
  ask: Ask,
  lab: LabOutput,
  host: HostOutput,
  { parts, limit }: Probe,
): Promise<HostEvidence> {
  const answer = await ask.ask(host.name, probeCommand(lab, host, parts), { limit });
  if ("silent" in answer) return answer;
  if (answer.code === 0) return { facts: parseProbe(answer.stdout) };
  return { silent: `cannot run the checks: ${answer.stderr.trim() || `exit code ${answer.code}`}` };
}

function awaitsLease(lab: LabOutput, host: HostOutput, { containers }: HostFacts): boolean {
  const own = lab.containers.filter((container) => container.host === host.name);
  return own.some(({ name, interfaces }) => {
    const nics = containers.get(name)?.nics;
    const without = (nic: string) => nics?.get(nic)?.addresses.every((one) => one.includes(":")) === true;
    return interfaces.some((nic) => nic.dhcp && without(nic.name));
  });
}

export interface SendOptions {
  /** Pings at the same time. */
  lanes: number;
  /** How long an answer is waited for, seconds. */
  patience: number;
}

export async function send(
  ask: Ask,
  host: string,
  pings: readonly Ping[],
  evidence: HostEvidence | undefined,
  { lanes, patience }: SendOptions,
): Promise<Map<string, PingFacts>> {
  if (evidence === undefined || "silent" in evidence) return new Map();
  const own = pings.filter((ping) => ping.host === host);
  const command = pingsCommand(own, evidence.facts, lanes, patience);
  if (command === undefined) return new Map();
  // Every batch takes its whole wait if nothing answers, and a busy host needs some time more.
  const limit = PROBE_MS + (Math.ceil(own.length / lanes) * (patience + 3) + longer(own)) * 1000;
  const answer = await ask.ask(host, command, { limit });
  return "silent" in answer ? new Map() : parsePings(answer.stdout);
}

/** What pings over impaired paths take beyond the usual, seconds. */
const longer = (pings: readonly Ping[]): number =>
  pings.reduce((total, { patience: more = 0 }) => total + more, 0);

/** Resolves when tcpdump listens; what it resolves to ends the capture. */
async function listen(ask: Ask, host: HostOutput, checks: readonly Check[]): Promise<() => Promise<Seen[]>> {
  const awaited = checks.flatMap((check) => (check.host === host.name ? (check.wire ?? []) : []));
  const recording =
    awaited.length === 0 ? undefined : await ask.record(host.name, captureCommand(host), LISTENS);
  if (recording === undefined) return () => Promise.resolve([]);
  return () => heard(ask, recording, awaited, host);
}

async function heard(
  ask: Ask,
  recording: Recording,
  awaited: readonly WirePing[],
  { encryption }: HostOutput,
): Promise<Seen[]> {
  const complete = () => {
    const packets = parseCapture(recording.text(), encryption);
    return awaited.every((ping) => packets.some((packet) => isAwaited(packet, ping)));
  };
  for (const start = ask.now(); !complete() && ask.now() - start < PRINT_MS;) await ask.pause(GLANCE_MS);
  recording.end();
  return parseCapture(recording.text(), encryption);
}
