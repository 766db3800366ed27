import { readEffects } from "../../components/impairment/effects";
import type { Netem } from "../../components/impairment/effects";
import type { LabOutput } from "../../plan/contract";
import type { ImpairmentPlan } from "../../plan/types";
import type { Check, CheckKind, Verdict } from "../check";
import { pairThrough } from "../crossed";
import { BURST, REQUESTS, REQUEST_BITS } from "../evidence/pings";
import type { Ping, PingFacts } from "../evidence/pings";
import { between, onPing } from "../packets";

/** An event that is expected this often is absent by chance with a probability of only e^-8. */
const SURE = 8;
/** With fewer answers nothing can be concluded, nor from bursts of fewer ms, which every path shows. */
const FEWEST = 12;
const SHORTEST = 3;
/** A burst that would take longer is not waited for, s. */
const LONGEST = 25;

/** What an impairment does beside delay and loss: sixty echo requests, half of them at once, show jitter, rate, copies and overtaking. */
export const effect: CheckKind = {
  about: "packet",
  of: (lab) => (lab.impairments ?? []).flatMap((one) => effectCheck(lab, one)),
};

/** Undefined: as it must be, or not enough data. */
type Fault = string | undefined;
type Judge = (netem: Netem, ping: PingFacts) => Fault;

const answersOf = ({ answers = [] }: PingFacts) => answers;

/** How many were answered after one that was sent later. */
function overtaken(ping: PingFacts): number {
  let latest = 0;
  return answersOf(ping).filter(({ seq }) => {
    latest = Math.max(latest, seq);
    return seq < latest;
  }).length;
}

/** Seconds that a burst takes at this rate. */
const burstTime = (rate: number): number => (BURST * REQUEST_BITS) / rate;

const EFFECTS: Readonly<Record<"jitter" | "rate" | "duplicate" | "reorder", Judge>> = {
  // Jitter is spread evenly between -jitter and jitter: a dozen delays cannot all be within a quarter of that range by chance.
  jitter({ jitter }, ping) {
    const all = answersOf(ping).map(({ ms }) => ms);
    const spread = Math.max(...all) - Math.min(...all);
    return spread >= jitter / 2000 ? undefined : `round trips differ by only ${spread.toFixed(1)} ms`;
  },
  rate({ rate }, ping) {
    const least = (burstTime(rate) * 1000) / 2;
    const most = Math.max(...answersOf(ping).map(({ ms }) => ms));
    if (least < SHORTEST || most >= least) return undefined;
    return `${BURST} packets at once took ${most} ms; at this rate they take at least ${least.toFixed(0)} ms`;
  },
  duplicate({ duplicate }, ping) {
    const expected = (duplicate / 1_000_000) * answersOf(ping).length;
    return expected < SURE || ping.duplicates !== undefined ? undefined : "no answer came twice";
  },
  reorder({ reorder }, ping) {
    const share = reorder / 1_000_000;
    const fewest = Math.min(share, 1 - share) * Math.min(BURST, answersOf(ping).length);
    return fewest < SURE || overtaken(ping) > 0 ? undefined : "no answer overtook another";
  },
};
const KEYS = Object.keys(EFFECTS) as (keyof typeof EFFECTS)[];

function effectCheck(lab: LabOutput, plan: ImpairmentPlan): Check[] {
  const { netem } = readEffects(plan, (key) => key);
  const keys = KEYS.filter((key) => netem[key] > 0);
  const slow = netem.rate > 0 && burstTime(netem.rate) > LONGEST;
  const pair = keys.length === 0 || slow ? undefined : pairThrough(lab, (one) => one.name === plan.name);
  if (pair === undefined) return [];
  const { from, to, address } = pair;
  const patience = netem.rate > 0 ? Math.ceil(burstTime(netem.rate)) : 0;
  const ping: Ping = { name: `effect/${plan.name}`, ...between(from, address), mode: "many", patience };
  return [
    {
      ...{ kind: "effect", name: ping.name, host: ping.host },
      expected: `${plan.where}: ${from.name} to ${to.name} and back has ${keys.map((key) => `${key} ${plan[key]}`).join(", ")}`,
      where: `./vxlab exec ${from.name} -- ping -c 60 -i 0.05 ${address}`,
      needs: ["containers"],
      ping,
      judge: (facts, evidence) =>
        onPing(ping, facts, { ...evidence, pings: once(evidence.pings, ping.name) }, () =>
          judged(keys, netem, evidence.pings.get(ping.name)),
        ),
      doubt: ({ ok }) => (ok ? undefined : ping),
    },
  ];
}

function judged(keys: typeof KEYS, netem: Netem, found: PingFacts | undefined): Verdict {
  const count = found === undefined ? 0 : answersOf(found).length;
  if (found === undefined || count < FEWEST)
    return { ok: count > 0, got: `${count} of ${REQUESTS} answered: too few to tell` };
  const faults = keys.flatMap((key) => EFFECTS[key](netem, found) ?? []);
  const { duplicates = 0 } = found;
  const seen = `${count} of ${REQUESTS} answered, ${duplicates} twice, ${overtaken(found)} overtaken`;
  return { ok: faults.length === 0, got: [seen, ...faults].join("; ") };
}

/** Duplicate answers are the impairment's effect, and do not show a loop. */
function once(pings: ReadonlyMap<string, PingFacts>, name: string): ReadonlyMap<string, PingFacts> {
  const found = pings.get(name);
  if (found?.duplicates === undefined) return pings;
  const rest = { ...found };
  delete rest.duplicates;
  return new Map([...pings, [name, rest]]);
}
