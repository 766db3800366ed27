/** Packets through service chains: sent from one end, and counted at each hop by the flows that lead them. */
import type { LabOutput } from "../plan/contract";
import type { ChainPlan } from "../plan/types";
import type { Ask } from "./ask";
import type { ChainFacts, ChainProbe, Check, HostEvidence } from "./check";
import { cookieOf, ROLE } from "../components/chain/cookies";
import { parsePings, pingsCommand } from "./evidence/pings";
import { hostsAtOnce, inTurn } from "./pace";
import { hostsNamed } from "./things";

/** Requests that are sent through each chain. */
export const REQUESTS = 5;
/** How long each answer is waited for, seconds. */
const PATIENCE = 2;
const LIMIT_MS = 30_000;
/** ovs-vswitchd collects what the kernel has counted twice a second, on a busy machine later. */
const COLLECT_MS = 6_000;
const LOOK_MS = 600;

type Counts = ReadonlyMap<string, number>;

export function chainsIn(checks: readonly Check[]): ChainProbe[] {
  return checks.flatMap(({ chain }) => chain ?? []);
}

/**
 * Waits until all of a chain's packets are counted at every hop, or until no more can be expected. If packets are missing, it asks a second
 * time.
 */
export async function countChains(
  ask: Ask,
  lab: LabOutput,
  probes: readonly ChainProbe[],
  hosts: ReadonlyMap<string, HostEvidence>,
): Promise<Map<string, ChainFacts>> {
  const first = await countOnce(ask, lab, probes, hosts);
  const lost = probes.filter(({ chain }) => (first.get(chain.name)?.received ?? 0) < REQUESTS);
  const again = await countOnce(ask, lab, lost, hosts);
  return new Map([...first, ...again]);
}

async function countOnce(
  ask: Ask,
  lab: LabOutput,
  probes: readonly ChainProbe[],
  hosts: ReadonlyMap<string, HostEvidence>,
): Promise<Map<string, ChainFacts>> {
  if (probes.length === 0) return new Map();
  const names = [...new Set(probes.flatMap(({ chain }) => chain.hops.map(({ host }) => host)))];
  const count = () => countersOf(ask, lab, names);
  const before = await count();
  const pings = await sendAll(ask, probes, hosts);
  let after = await count();
  const isWhole = () => probes.every(({ chain }) => enough(chain, before, after));
  for (const start = ask.now(); !isWhole() && ask.now() - start < COLLECT_MS; after = await count())
    await ask.pause(LOOK_MS);
  return new Map(
    probes.flatMap(({ chain, ping }): [string, ChainFacts][] => {
      const { sent = 0, received = 0 } = pings.get(ping.name) ?? {};
      const counted = difference(chain, before, after);
      return [[chain.name, { sent, received, ...(counted === undefined ? {} : { counted }) }]];
    }),
  );
}

async function sendAll(ask: Ask, probes: readonly ChainProbe[], hosts: ReadonlyMap<string, HostEvidence>) {
  const senders = [...new Set(probes.map(({ ping }) => ping.host))];
  const answers = await inTurn(senders, hostsAtOnce(ask.cores), async (host) => {
    const found = hosts.get(host);
    const own = probes.flatMap(({ ping }) => (ping.host === host ? [ping] : []));
    const command =
      found !== undefined && "facts" in found
        ? pingsCommand(own, found.facts, own.length, PATIENCE)
        : undefined;
    const answer = command === undefined ? undefined : await ask.ask(host, command, { limit: LIMIT_MS });
    return answer === undefined || "silent" in answer ? [] : [...parsePings(answer.stdout)];
  });
  return new Map(answers.flat());
}

/** The counters of each host's chain flows, by cookie; undefined if the host cannot be asked. */
async function countersOf(ask: Ask, lab: LabOutput, names: readonly string[]) {
  const counts = await inTurn(names, hostsAtOnce(ask.cores), async (host) => {
    const [at] = hostsNamed(lab, host);
    if (at === undefined) return [host, undefined] as const;
    const command = `PATH=/usr/sbin:/usr/bin:/sbin:/bin; ovs-ofctl --timeout=10 dump-flows ${at.bridge.name} cookie=0x5f00000000000000/0xff00000000000000 2>/dev/null`;
    const answer = await ask.ask(host, command, { limit: LIMIT_MS });
    return [
      host,
      "silent" in answer || answer.code !== 0 ? undefined : parseCounters(answer.stdout),
    ] as const;
  });
  return new Map(counts);
}

/** Packets by cookie, of ovs-ofctl dump-flows. */
export function parseCounters(text: string): Counts {
  const counts = new Map<string, number>();
  for (const [, cookie = "", packets = "0"] of text.matchAll(/cookie=(0x[0-9a-f]+),.* n_packets=(\d+),/g))
    counts.set(cookie, (counts.get(cookie) ?? 0) + Number(packets));
  return counts;
}

type ByHost = ReadonlyMap<string, Counts | undefined>;

function difference({ hops }: ChainPlan, before: ByHost, after: ByHost): Counts | undefined {
  const hosts = [...new Set(hops.map(({ host }) => host))];
  if (hosts.some((host) => before.get(host) === undefined || after.get(host) === undefined)) return undefined;
  const all = hosts.flatMap((host) =>
    [...(after.get(host) ?? [])].map(
      ([cookie, now]) => [cookie, now - (before.get(host)?.get(cookie) ?? 0)] as const,
    ),
  );
  const sums = new Map<string, number>();
  for (const [cookie, packets] of all) sums.set(cookie, (sums.get(cookie) ?? 0) + packets);
  return sums;
}

/** Whether every hop has counted what was sent, both ways. */
function enough(chain: ChainPlan, before: ByHost, after: ByHost): boolean {
  const counted = difference(chain, before, after);
  return (
    counted === undefined || stationsOf(chain).every(({ cookie }) => (counted.get(cookie) ?? 0) >= REQUESTS)
  );
}

/** A place where a chain's packets are counted. */
export interface Station {
  hop: string;
  does: "leaves" | "reaches";
  /** 0: towards `to`, 1: towards `from`. */
  way: 0 | 1;
  cookie: string;
}

/** In the order in which packets pass them: to `to`, then back. */
export function stationsOf(chain: ChainPlan): Station[] {
  return ([0, 1] as const).flatMap((way) => {
    const hops = way === 0 ? chain.hops : [...chain.hops].reverse();
    return hops.flatMap((hop, index) => {
      const at = (does: Station["does"]): Station => ({
        ...{ hop: hop.name, does, way },
        cookie: cookieOf(chain, hop, ROLE[does][way]),
      });
      return [...(index > 0 ? [at("reaches")] : []), ...(index < hops.length - 1 ? [at("leaves")] : [])];
    });
  });
}
