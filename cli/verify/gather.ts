/** Asks the hosts for what a list of checks needs: many hosts at once, each with few and bounded SSH commands. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { HostOutput, LabOutput } from "../../plan/contract";
import { scriptCommand } from "../../guest/quote";
import type { Remote, RemoteProcess } from "../lib/remote";
import type { Check, Errand } from "./checks";
import { isRequestOf } from "./judge";
import type { Evidence, Flow, HostEvidence } from "./judge";
import { hostsAtOnce, inTurn, pingsAtOnce } from "./pace";
import { parseProbe } from "./parse";
import type { HostFacts } from "./parse";
import { parseCapture, parsePings } from "./parse-sent";
import type { PingFacts, WirePacket } from "./parse-sent";
import { captureArguments, errandsOf, pingsCommand, probeCommand, underlayDevice } from "./probe";

/** Longest time for a host to say how it is, ms. */
const PROBE_MS = 40_000;
/** Longest wait for the lease of a DHCP client that has only just started, and how often it is looked for, ms. */
const LEASE_MS = 10_000;
const LOOK_MS = 500;
/** How long an answer is waited for, seconds. What is late is asked again, alone (again.ts). */
const PATIENCE = 4;
/** Longest wait for tcpdump to listen, ms, and for a packet to be printed once its ping has ended. */
const LISTEN_MS = 10_000;
const PRINT_MS = 2_000;

export interface GatherOptions {
  /** Longest time for a host to say how it is, ms. @default 40000 */
  limit?: number;
  /** How long an answer is waited for, seconds. @default 4 */
  patience?: number;
  /** What the hosts have said already: they are not asked once more. @default none */
  known?: Evidence["hosts"];
  /** Sees what the hosts have said before anything is sent; true: they are asked once more. @default false */
  probed?: (hosts: Evidence["hosts"]) => Promise<boolean>;
}

export async function gather(
  remote: Remote,
  lab: LabOutput,
  checks: readonly Check[],
  { limit = PROBE_MS, patience = PATIENCE, known, probed }: GatherOptions = {},
): Promise<Evidence> {
  const errands = errandsOf(checks);
  const involved = new Set([...checks, ...errands].map(({ host }) => host));
  const hosts = lab.hosts.filter(({ name }) => involved.has(name));
  const look = errands.length > 0 ? settled : probe;
  const ask = () =>
    each(hosts, async (host) => known?.get(host.name) ?? (await look(remote, lab, host, limit)));
  const [first, ears] = await Promise.all([
    ask(),
    each(hosts, (host) => listen(remote, host, wantedAt(host, checks))),
  ]);
  const found = (await probed?.(first)) === true ? await ask() : first;
  const senders = hosts.filter(({ name }) => errands.some(({ host }) => host === name));
  const lanes = pingsAtOnce(senders.length, availableParallelism());
  const sent = await each(senders, ({ name }) =>
    send(remote, name, errands, found.get(name), { lanes, patience }),
  );
  const wires = await each(hosts, async ({ name }) => (await ears.get(name)?.()) ?? []);
  return { hosts: found, pings: new Map([...sent.values()].flatMap((answers) => [...answers])), wires };
}

async function each<T>(hosts: readonly HostOutput[], work: (host: HostOutput) => Promise<T>) {
  const most = hostsAtOnce(availableParallelism());
  return new Map(await inTurn(hosts, most, async (host) => [host.name, await work(host)] as const));
}

async function probe(remote: Remote, lab: LabOutput, host: HostOutput, limit: number): Promise<HostEvidence> {
  const silent = await remote.connect(host.name);
  if (silent !== undefined) return { silent };
  const answer = await remote.run(host.name, probeCommand(lab, host), limit);
  if (answer.code === 0) return { facts: parseProbe(answer.stdout) };
  return { silent: `cannot be looked at: ${answer.stderr.trim() || `exit code ${answer.code}`}` };
}

/** What is pinged needs its address: right after an `up` a lease may still be on its way. */
async function settled(
  remote: Remote,
  lab: LabOutput,
  host: HostOutput,
  limit: number,
): Promise<HostEvidence> {
  for (const start = Date.now(); ; await pause(LOOK_MS)) {
    const evidence = await probe(remote, lab, host, limit);
    if ("silent" in evidence || Date.now() - start > LEASE_MS) return evidence;
    if (!awaitsLease(lab, host, evidence.facts)) return evidence;
  }
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
  remote: Remote,
  host: string,
  errands: readonly Errand[],
  evidence: HostEvidence | undefined,
  { lanes, patience }: SendOptions,
): Promise<Map<string, PingFacts>> {
  if (evidence === undefined || "silent" in evidence) return new Map();
  const own = errands.filter((errand) => errand.host === host);
  const command = pingsCommand(own, evidence.facts, lanes, patience);
  // Every batch takes all its patience when nothing answers, and a busy host some time more.
  const limit = PROBE_MS + Math.ceil(own.length / lanes) * (patience + 3) * 1000;
  return command === undefined ? new Map() : parsePings((await remote.run(host, command, limit)).stdout);
}

function wantedAt({ name }: HostOutput, checks: readonly Check[]): Flow[] {
  return checks.flatMap((check) =>
    check.kind === "wire" && check.host === name ? [{ ...check.inner, alike: check.alike }] : [],
  );
}

/** Comes back when tcpdump listens, since a ping sent earlier would be missed; what it gives ends the capture. */
async function listen(
  remote: Remote,
  host: HostOutput,
  wanted: readonly Flow[],
): Promise<() => Promise<WirePacket[]>> {
  if (wanted.length === 0 || (await remote.connect(host.name)) !== undefined)
    return () => Promise.resolve([]);
  const tcpdump = readFileSync(join(__dirname, "../lib/tcpdump.sh"), "utf8");
  const child = remote.start(
    host.name,
    scriptCommand(tcpdump, captureArguments(host.address, underlayDevice(host))),
  );
  let seen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (seen += text));
  await listening(child);
  const complete = (packets: readonly WirePacket[]) =>
    wanted.every((flow) => packets.some((packet) => isRequestOf(packet, flow)));
  return async () => {
    for (const start = Date.now(); !complete(parseCapture(seen)) && Date.now() - start < PRINT_MS;)
      await pause(50);
    child.stdin.end();
    return parseCapture(seen);
  };
}

/** Ends when tcpdump listens, or has ended. */
export function listening(child: RemoteProcess): Promise<void> {
  return new Promise((resolve) => {
    let said = "";
    const timer = setTimeout(resolve, LISTEN_MS);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("listening on")) resolve();
    });
    child.once("close", () => resolve());
    child.once("close", () => clearTimeout(timer));
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
