import { cookieOf, ROLE } from "../../components/chain/cookies";
import { bothEnds } from "../../components/chain/ends";
import { GATEWAY } from "../../components/chain/spec";
import type { LabOutput } from "../../plan/contract";
import type { ChainPlan } from "../../plan/types";
import { REQUESTS, stationsOf } from "../chains";
import type { ChainFacts, ChainProbe } from "../check";
import type { Check, CheckKind, Verdict } from "../check";
import { commonAddresses, endsOf } from "../pairs";
import type { End } from "../pairs";
import { hostsNamed } from "../things";

/** Packets between the ends of a chain pass each of its hops, in order and both ways, and none bypasses the chain. */
export const chain: CheckKind = {
  about: "packet",
  of: (lab) => (lab.chains ?? []).flatMap((plan) => chainCheck(lab, plan)),
};

function chainCheck(lab: LabOutput, plan: ChainPlan): Check[] {
  const { name, hops } = plan;
  const probe = probeOf(lab, plan);
  const [box] = hostsNamed(lab, hops[1].host);
  if (probe === undefined || box === undefined) return [];
  const { ping } = probe;
  return [
    {
      ...{ kind: "chain", name: `chain/${name}`, host: ping.host },
      expected: `${REQUESTS} packets pass ${way(plan)} in order, and ${REQUESTS} back; none bypasses the chain`,
      where: `./vxlab exec ${ping.from} -- ping -c ${REQUESTS} ${ping.to} (and ./vxlab ssh ${box.name} -- ovs-ofctl dump-flows ${box.bridge.name})`,
      needs: ["containers"],
      chain: probe,
      judge: (_, { chains }) => onChain(plan, chains?.get(name)),
    },
  ];
}

const way = ({ hops }: ChainPlan): string => hops.map(({ name }) => name).join(" → ");

/** From the end that is a container to an address of the other one. */
function probeOf(lab: LabOutput, chain: ChainPlan): ChainProbe | undefined {
  const [first, last] = bothEnds(chain.hops);
  const [from, to] = first.name === GATEWAY ? [last, first] : [first, last];
  const end = lab.containers
    .flatMap(endsOf)
    .find((one) => one.name === from.name && one.segment === chain.segment);
  const far: End | undefined = end && { ...end, addresses: to.addresses, dhcp: false };
  const [address] = end === undefined || far === undefined ? [] : commonAddresses(end, far);
  if (end === undefined || address === undefined) return undefined;
  const { name: sender, host, nic } = end;
  const ping = {
    name: `chain/${chain.name}`,
    host,
    from: sender,
    nic,
    to: address,
    mode: "count" as const,
    size: REQUESTS,
  };
  return { chain, ping };
}

function onChain(plan: ChainPlan, facts: ChainFacts | undefined): Verdict {
  if (facts?.counted === undefined) return { ok: false, got: "the hops could not be asked" };
  const { counted, sent, received } = facts;
  const count = (cookie: string): number => counted.get(cookie) ?? 0;
  if (sent === 0) return { ok: false, got: "nothing was sent: the end is not running" };
  const places = stationsOf(plan);
  const short = places.find(({ cookie }) => count(cookie) < sent);
  const round = sum(plan, "guard", count);
  const passed = plan.hops.find((hop) => ROLE.passes.some((role) => count(cookieOf(plan, hop, role)) > 0));
  const wrong = [
    ...(passed === undefined ? [] : [`${passed.name} ${failing(plan)}`]),
    ...(short === undefined || passed !== undefined ? [] : [missed(plan, short.way, count, sent)]),
    ...(round === 0 ? [] : [`${round} packets came by another way, and were dropped`]),
    ...(received === sent ? [] : [`${received} of ${sent} were answered`]),
  ];
  if (wrong.length > 0) return { ok: false, got: wrong.join("; ") };
  return { ok: true, got: `${sent} packets through ${way(plan)}, ${sent} back, none past it` };
}

const failing = ({ probe }: ChainPlan): string =>
  probe === undefined
    ? "is not running, and is bypassed"
    : "is not running, or passes no probes, and is bypassed";

function sum(plan: ChainPlan, role: "guard", count: (cookie: string) => number): number {
  const cookies = new Set(plan.hops.map((hop) => cookieOf(plan, hop, ROLE[role][0])));
  return [...cookies].reduce((all, cookie) => all + count(cookie), 0);
}

/** "m1 takes in 5 and lets out 0": where packets are lost on the way. */
function missed(plan: ChainPlan, direction: 0 | 1, count: (cookie: string) => number, sent: number): string {
  const on = stationsOf(plan).filter((place) => place.way === direction);
  const index = on.findIndex(({ cookie }) => count(cookie) < sent);
  const [before, here] = [on[index - 1], on[index]];
  const packets = here === undefined ? 0 : count(here.cookie);
  if (here?.does === "leaves" && before !== undefined)
    return `${here.hop} takes in ${count(before.cookie)} and lets out ${packets}`;
  if (here?.does === "leaves") return `${here.hop} sends ${packets} of ${sent}`;
  return `${before?.hop} lets out ${before === undefined ? sent : count(before.cookie)}, and ${packets} reach ${here?.hop}`;
}
