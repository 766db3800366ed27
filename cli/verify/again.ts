/**
 * What failed is asked again, one at a time and with patience: a busy computer loses packets and deadlines that a quiet one does
 * not. While a ping is asked again both hosts are listened to, so that a real failure says which way is cut.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scriptCommand } from "../../guest/quote";
import type { LabOutput } from "../../plan/contract";
import type { Remote } from "../lib/remote";
import type { Check, Errand, TunnelCheck } from "./checks";
import { gather, listening, pause, send } from "./gather";
import { judge } from "./judge";
import type { CheckResult, Evidence, HostEvidence } from "./judge";
import type { HostFacts } from "./parse";
import { endsOf } from "./pairs";
import { errandsOf } from "./probe";
import { parseSightings, wayText } from "./way";

/** Longest wait for one answer, seconds. */
const PATIENCE = 9;
/** What is spent on asking again, ms: real failures take all their patience. */
const BUDGET_MS = 60_000;
/** Longest wait after a ping for tcpdump to print it, ms. */
const PRINT_MS = 1_500;

/** How a check is asked once more. */
interface Case {
  check: Check;
  errand: Errand;
  /** Segment, host that sends, host of the address: that the way between these is cut is found out once. */
  path: string;
  /** The two ends: what else is wrong between them is found out once as well. */
  pair: string;
  from: string;
  to?: string;
}

export async function askAgain(
  remote: Remote,
  lab: LabOutput,
  checks: readonly Check[],
  evidence: Evidence,
): Promise<CheckResult[]> {
  const results = new Map(checks.map((check) => [check.name, judge(check, evidence)]));
  const cases = checks.flatMap((check) => caseOf(lab, check, results.get(check.name), evidence));
  const lost = new Map<string, string>();
  const begun = Date.now();
  for (const one of cases) {
    const { name } = one.check;
    const first = results.get(name);
    if (first === undefined) continue;
    const known = [one.path, one.pair]
      .flatMap((place) => [lost.get(`${place} reach`), lost.get(`${place} ${one.errand.mode}`)])
      .find((why) => why !== undefined);
    if (known !== undefined || Date.now() - begun > BUDGET_MS) {
      const why = known ?? "(not asked again: too much fails)";
      if (!first.ok) results.set(name, { ...first, got: `${first.got} ${why}` });
      continue;
    }
    const { result, way } = await asked(remote, lab, one, evidence, first);
    const place = / is cut\b/.test(way) ? one.path : one.pair;
    if (!result.ok) lost.set(`${place} ${one.errand.mode}`, `(as ${name}${way === "" ? "" : `: ${way}`})`);
    results.set(name, result);
  }
  return checks.flatMap(({ name }) => results.get(name) ?? []);
}

function caseOf(lab: LabOutput, check: Check, result: CheckResult | undefined, evidence: Evidence): Case[] {
  const tunnel = check.kind === "tunnel" && result?.ok === true && isMute(check, evidence);
  const errand = tunnel ? check.ping : askable(check, result, evidence) ? errandsOf([check])[0] : undefined;
  if (errand === undefined || !runs(errand, evidence)) return [];
  const to = hostOf(lab, errand.to);
  return [
    {
      check,
      errand,
      from: errand.host,
      ...(to === undefined ? {} : { to }),
      path: [segmentOf(lab, errand), errand.host, to ?? errand.to].join(" "),
      pair: [errand.from, errand.nic, errand.to].join(" "),
    },
  ];
}

/** A packet that came where none may come, or came twice, has been seen: no second look makes that undone. */
function askable({ kind, name }: Check, result: CheckResult | undefined, { pings }: Evidence): boolean {
  if (result === undefined || result.ok) return false;
  const fate = pings.get(name)?.fate;
  if (kind === "isolated") return fate === undefined || fate === "not sent";
  if (kind === "ping" || kind === "fits") return fate !== "answered";
  return kind === "too-big" || kind === "wire";
}

function runs({ host, from }: Errand, { hosts }: Evidence): boolean {
  const found = hosts.get(host);
  return found !== undefined && "facts" in found && (found.facts.containers.get(from)?.pid ?? 0) !== 0;
}

/** The tunnel has sent, and the other end has received nothing since it was made. */
function isMute({ host, port, far }: TunnelCheck, { hosts }: Evidence): boolean {
  const packets = (name: string, of: string) => factsIn(hosts.get(name))?.ports?.get(of)?.packets;
  if (far === undefined) return false;
  return (packets(host, port)?.out ?? 0) > 0 && packets(far.host, far.port)?.in === 0;
}

function factsIn(found: HostEvidence | undefined): HostFacts | undefined {
  return found !== undefined && "facts" in found ? found.facts : undefined;
}

function segmentOf({ containers }: LabOutput, { from, nic }: Errand): string {
  const own = containers.filter(({ name }) => name === from).flatMap(endsOf);
  return own.find((end) => end.nic === nic)?.segment ?? "";
}

/** The host of the container or service that has this address. */
function hostOf({ containers, services }: LabOutput, address: string): string | undefined {
  const has = (addresses: readonly string[]) => addresses.some((one) => one.split("/")[0] === address);
  const box = containers.find(({ interfaces }) =>
    interfaces.some((nic) => has(nic.addresses) || nic.trunk.some((tagged) => has(tagged.addresses))),
  );
  return box?.host ?? services.find((service) => has(service.addresses))?.host;
}

interface Answer {
  result: CheckResult;
  /** Which way is cut; empty where nobody knows. */
  way: string;
}

async function asked(
  remote: Remote,
  lab: LabOutput,
  one: Case,
  evidence: Evidence,
  first: CheckResult,
): Promise<Answer> {
  const { check, errand, from, to } = one;
  if (check.kind === "wire") {
    const { wires } = await gather(remote, lab, [check], { patience: PATIENCE, known: evidence.hosts });
    return { result: second(judge(check, { ...evidence, wires }), first), way: "" };
  }
  const ends = to === undefined || to === from ? [] : [from, to];
  const ears = await Promise.all(ends.map((host) => overhear(remote, lab, host)));
  const pings = await send(remote, from, [errand], evidence.hosts.get(from), {
    lanes: 1,
    patience: PATIENCE,
  });
  const seen = await Promise.all(ears.map((ear) => ear()));
  const fate = pings.get(errand.name)?.fate;
  const [source, sink] = seen.map((text) =>
    text === undefined ? undefined : parseSightings(text, errand.to),
  );
  const heard = to !== undefined && source !== undefined && sink !== undefined && fate === "no answer";
  const way = heard ? wayText({ from, to }, source, sink) : "";
  const more = way === "" ? "" : `: ${way}`;
  if (check.kind === "tunnel") {
    const got = `has sent packets, ${to ?? errand.to} has received none; ${errand.from} asked ${errand.to}${more}`;
    return { result: fate === "answered" ? first : { ...first, ok: false, got }, way };
  }
  const result = second(judge(check, { ...evidence, pings: new Map([...evidence.pings, ...pings]) }), first);
  return { result: result.ok ? result : { ...result, got: `${result.got}${more}` }, way };
}

function second(result: CheckResult, first: CheckResult): CheckResult {
  if (result.ok) return { ...result, got: `${result.got} at the second try` };
  return result.got === first.got ? { ...result, got: `asked twice: ${result.got}` } : result;
}

/** Listens to all of a host's interfaces; what it gives ends that and tells what was seen. Undefined: it does not answer. */
async function overhear(
  remote: Remote,
  lab: LabOutput,
  host: string,
): Promise<() => Promise<string | undefined>> {
  if ((await remote.connect(host)) !== undefined) return () => Promise.resolve(undefined);
  const tcpdump = readFileSync(join(__dirname, "../lib/tcpdump.sh"), "utf8");
  const child = remote.start(host, scriptCommand(tcpdump, overhearArguments(lab)));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
  await listening(child);
  return async () => {
    await pause(PRINT_MS);
    child.stdin.end();
    return text;
  };
}

/** Longest time that a host listens, seconds, whoever has gone away. */
const OVERHEAR_SECONDS = "60";

export function overhearArguments({ hosts }: LabOutput): string[] {
  const udp = [...new Set(hosts.flatMap(({ ports }) => ports.map(({ udpPort }) => udpPort)))].sort(
    (a, b) => a - b,
  );
  const tunnels = udp.map((port) => `udp dst port ${port}`);
  // -T: whatever the UDP port is. Immediate: libpcap otherwise hands packets over in blocks, up to a second late.
  const how = ["--immediate-mode", "-l", "-n", "-s", "200", "-c", "5000", "-T", "vxlan", "-i", "any"];
  return [OVERHEAR_SECONDS, ...how, ["arp", "icmp", "icmp6", ...tunnels].join(" or ")];
}
