/**
 * Tries failed checks again, one at a time and with longer waits: a busy computer loses packets and misses deadlines. While a ping is tried
 * again, vxlab captures on both hosts, so that a real failure names the direction that is cut.
 */
import type { LabOutput } from "../plan/contract";
import type { Ask } from "./ask";
import type { Check, CheckResult, Evidence } from "./check";
import type { Ping } from "./evidence/pings";
import { captureAllCommand } from "./evidence/wire";
import { LISTENS, gather, send } from "./gather";
import { factsOn, judge } from "./judge";
import { endsOf } from "./pairs";
import { parseSightings, cutText } from "./sightings";

/** Longest wait for one answer, seconds. */
const PATIENCE = 9;
/** Longest time for trying again, ms: each real failure takes its whole wait. */
const BUDGET_MS = 60_000;
/** Longest wait after a ping for tcpdump to print it, ms. */
const PRINT_MS = 1_500;

/** A failed check that is tried again. */
interface Case {
  check: Check;
  ping: Ping;
  first: CheckResult;
  /** The host of the address. */
  to?: string;
  /** Segment, host that sends, host of the address: a cut between these is diagnosed once. */
  path: string;
  /** The two ends: other faults between them are diagnosed once too. */
  pair: string;
}

export async function askAgain(
  ask: Ask,
  lab: LabOutput,
  checks: readonly Check[],
  evidence: Evidence,
): Promise<CheckResult[]> {
  const results = new Map(checks.map((check) => [check.name, judge(check, evidence)]));
  const cases = checks.flatMap((check) => caseOf(lab, check, results.get(check.name), evidence));
  const lost = new Map<string, string>();
  const begun = ask.now();
  for (const one of cases) {
    const { first, ping } = one;
    const known = [one.path, one.pair]
      .flatMap((place) => [lost.get(`${place} reach`), lost.get(`${place} ${ping.mode}`)])
      .find((why) => why !== undefined);
    if (known !== undefined || ask.now() - begun > BUDGET_MS) {
      const why = known ?? "(not tried again: too many checks failed)";
      if (!first.ok) results.set(first.name, { ...first, got: `${first.got} ${why}` });
      continue;
    }
    const { result, cut } = await asked(ask, lab, one, evidence);
    const place = / is cut\b/.test(cut) ? one.path : one.pair;
    if (!result.ok)
      lost.set(`${place} ${ping.mode}`, `(same cause as ${first.name}${cut === "" ? "" : `: ${cut}`})`);
    results.set(first.name, result);
  }
  return checks.flatMap(({ name }) => results.get(name) ?? []);
}

function caseOf(lab: LabOutput, check: Check, first: CheckResult | undefined, evidence: Evidence): Case[] {
  const ping = first && check.doubt?.(first, evidence);
  if (first === undefined || ping === undefined || !runs(ping, evidence)) return [];
  const to = hostOf(lab, ping.to);
  return [
    {
      ...{ check, ping, first },
      ...(to === undefined ? {} : { to }),
      path: [segmentOf(lab, ping), ping.host, to ?? ping.to].join(" "),
      pair: [ping.from, ping.nic, ping.to].join(" "),
    },
  ];
}

function runs({ host, from }: Ping, evidence: Evidence): boolean {
  return (factsOn(host, evidence)?.containers.get(from)?.pid ?? 0) !== 0;
}

function segmentOf({ containers }: LabOutput, { from, nic }: Ping): string | undefined {
  const own = containers.filter(({ name }) => name === from).flatMap(endsOf);
  return own.find((end) => end.nic === nic)?.segment;
}

/** The host of the container or service that has this address. */
function hostOf({ containers, services }: LabOutput, address: string): string | undefined {
  const has = (addresses: readonly string[]) => addresses.some((one) => one.split("/")[0] === address);
  const box = containers.find(({ interfaces }) =>
    interfaces.some((nic) => has(nic.addresses) || nic.trunk.some((tagged) => has(tagged.addresses))),
  );
  return box?.host ?? services.find((service) => has(service.addresses))?.host;
}

interface Second {
  result: CheckResult;
  /** Which direction is cut; empty if unknown. */
  cut: string;
}

async function asked(ask: Ask, lab: LabOutput, one: Case, evidence: Evidence): Promise<Second> {
  const { check, ping, first, to } = one;
  if (check.wire !== undefined) {
    const { wires } = await gather(ask, lab, [check], { patience: PATIENCE, known: evidence.hosts });
    return { result: second(judge(check, { ...evidence, wires }), first), cut: "" };
  }
  const ends = to === undefined || to === ping.host ? [] : [ping.host, to];
  const ears = await Promise.all(ends.map((host) => captureAll(ask, lab, host)));
  const pings = await send(ask, ping.host, [ping], evidence.hosts.get(ping.host), {
    lanes: 1,
    patience: PATIENCE,
  });
  const seen = await Promise.all(ears.map((ear) => ear()));
  const [source, sink] = seen.map((text) => (text === undefined ? undefined : parseSightings(text, ping.to)));
  const heard = to !== undefined && source !== undefined && sink !== undefined;
  const silent = pings.get(ping.name)?.fate === "no answer";
  const cut = heard && silent ? cutText({ from: ping.host, to }, source, sink) : "";
  const result = second(judge(check, { ...evidence, pings: new Map([...evidence.pings, ...pings]) }), first);
  return { result: result.ok || cut === "" ? result : { ...result, got: `${result.got}: ${cut}` }, cut };
}

function second(result: CheckResult, first: CheckResult): CheckResult {
  if (result.ok) return first.ok ? first : { ...result, got: `${result.got} on the second try` };
  return result.got === first.got ? { ...result, got: `tried twice: ${result.got}` } : result;
}

/**
 * Captures on all of a host's interfaces. The function that it resolves to ends the capture and returns the packets; undefined if the host
 * does not answer.
 */
async function captureAll(
  ask: Ask,
  lab: LabOutput,
  host: string,
): Promise<() => Promise<string | undefined>> {
  const recording = await ask.record(host, captureAllCommand(lab), LISTENS);
  return async () => {
    if (recording === undefined) return undefined;
    await ask.pause(PRINT_MS);
    recording.end();
    return recording.text();
  };
}
