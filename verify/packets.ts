/** What checks that send pings have in common: sender and target, and what an answer means. */
import type { LabOutput, TunnelOutput } from "../plan/contract";
import type { Check, Evidence, Verdict } from "./check";
import type { HostFacts } from "./evidence/facts";
import type { Ping, PingFacts } from "./evidence/pings";
import { commonAddresses, endsOf, ipOf, isIpv6 } from "./pairs";
import type { End, Pair } from "./pairs";

/** For first interfaces the containers' names are enough; other interfaces may be in several common segments. */
export function pairName({ from, to }: Pair): string[] {
  return [from.name, to.name, ...(betweenFirst({ from, to }) ? [] : [from.segment])];
}

export function betweenFirst({ from, to }: Pair): boolean {
  return from.nic === "eth0" && to.nic === "eth0";
}

export function between(
  { host, name: from, nic }: End,
  to: string,
): Pick<Ping, "host" | "from" | "nic" | "to"> {
  return { host, from, nic, to };
}

/** The ping of two containers, under one name whether it is a check of its own or only looked for on the wire. */
export function pairPing(pair: Pair, address: string): Ping {
  const kind = isIpv6(address) ? "ping6" : "ping";
  return { name: [kind, ...pairName(pair)].join("/"), ...between(pair.from, address), mode: "reach" };
}

/** A check that is one ping, which must be answered. */
export function pingCheck(kind: string, ping: Ping, expected: string): Check {
  return {
    ...{ kind, name: ping.name, host: ping.host, expected },
    where: `./vxlab exec ${ping.from} -- ping -c 3 ${ping.to}`,
    needs: ["containers"],
    ping,
    judge: (facts, evidence) =>
      onPing(ping, facts, evidence, (found) => ({
        ok: found.fate === "answered",
        got: fateText(found, "no answer"),
      })),
    doubt: unanswered(ping),
  };
}

/** @param lost the text if there is neither an answer nor an error */
export function fateText({ fate, ms, mtu }: PingFacts, lost: string): string {
  if (fate === "answered") return `answered${ms === undefined ? "" : ` in ${ms} ms`}`;
  if (fate === "too long") return `refused: message too long${mtu === undefined ? "" : `, MTU ${mtu}`}`;
  return lost;
}

/** Only a ping without an answer is sent again; an answer counts at once. */
export function unanswered(ping: Ping): NonNullable<Check["doubt"]> {
  return (first, { pings }) => (first.ok || pings.get(ping.name)?.fate === "answered" ? undefined : ping);
}

/** The result of a ping, judged by `judge` if it was sent at all. */
export function onPing(
  { name, from }: Ping,
  facts: HostFacts,
  { pings }: Evidence,
  judge: (ping: PingFacts) => Verdict,
): Verdict {
  const ping = pings.get(name);
  if (ping === undefined || ping.fate === "not sent") {
    const state = facts.containers.get(from)?.state ?? "ABSENT";
    const got =
      state === "RUNNING" ? (ping?.complaint ?? "ping did not run on the host") : `${from} is ${state}`;
    return { ok: false, got };
  }
  const verdict = judge(ping);
  const { duplicates } = ping;
  if (!verdict.ok || duplicates === undefined) return verdict;
  const plural = duplicates === 1 ? "" : "s";
  return {
    ok: false,
    got: `${verdict.got}, ${duplicates} duplicate answer${plural}: frames loop in the segment`,
  };
}

/** From the first container of the segment on one host to the first on the other that it can ask. */
export function pingAcross(
  lab: LabOutput,
  segment: string,
  host: string,
  far: TunnelOutput,
): Ping | undefined {
  const ends = lab.containers.flatMap(endsOf).filter((end) => end.segment === segment);
  const from = ends.find((end) => end.host === host && ipOf(end) !== "");
  const to = from && ends.find((end) => end.host === far.host && commonAddresses(from, end).length > 0);
  if (from === undefined || to === undefined) return undefined;
  const [address = ""] = commonAddresses(from, to);
  return { name: `across/${host}/${far.port}`, ...between(from, address), mode: "reach" };
}
