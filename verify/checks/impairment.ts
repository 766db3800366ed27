import { EVERY, readEffects } from "../../components/impairment/effects";
import type { LabOutput } from "../../plan/contract";
import type { ImpairmentPlan } from "../../plan/types";
import type { Check, CheckKind, Verdict } from "../check";
import { crossingOf, leastTrip, pairThrough } from "../crossed";
import type { QueueFacts } from "../evidence/facts";
import type { Ping } from "../evidence/pings";
import { between, onPing } from "../packets";

/** The number of packets needed to judge a share: with fewer, the result is chance. */
const FEWEST = 20;

/** What impairments do: each queue by its counters of lost packets. */
export const impairment: CheckKind = {
  about: "thing",
  of: ({ impairments = [] }) => impairments.flatMap(lossChecks),
};

/** The shortest of several round trips takes at least the sum of the delays on its way. */
export const delay: CheckKind = {
  about: "packet",
  of: (lab) => (lab.impairments ?? []).flatMap((one) => delayCheck(lab, one)),
};

function lossChecks(plan: ImpairmentPlan): Check[] {
  const { netem } = readEffects(plan, (key) => key);
  return plan.places.map(({ host, device }) => ({
    ...{ kind: "impairment", name: `impairment/${plan.name}/${host}/${device}`, host },
    expected: `${plan.where}: ${netem.loss / 10_000}% of packets are lost`,
    where: `./vxlab ssh ${host} -- /usr/sbin/tc -s qdisc show dev ${device}`,
    needs: ["queues"],
    judge: ({ queues, trouble }) => {
      const found = queues?.get(device);
      if (found === undefined)
        return { ok: false, got: trouble.get(`queue ${device}`) ?? `no device ${device}` };
      // A full queue drops packets as well, and copies count as packets.
      return onLoss(found, netem.loss / EVERY, netem.rate > 0 || netem.duplicate > 0);
    },
    repairs: () => [{ kind: "impairment", key: plan.name }],
  }));
}

/** Five standard deviations, and three packets for small numbers (the binomial distribution). */
function onLoss({ sent, lost }: QueueFacts, share: number, more: boolean): Verdict {
  const all = sent + lost;
  const got = `${lost} of ${all} packets lost`;
  if (share > 0 && all < FEWEST) return { ok: true, got: `${got}, too few to tell` };
  const off = lost - all * share;
  const slack = 5 * Math.sqrt(all * share * (1 - share)) + 3;
  return { ok: Math.abs(off) <= slack || (more && off > 0), got };
}

function delayCheck(lab: LabOutput, { name, where }: ImpairmentPlan): Check[] {
  const pair = pairThrough(
    lab,
    (one, crossing) => one.name === name && one.netem.delay > 0 && leastTrip(crossing) > 0,
  );
  if (pair === undefined) return [];
  const { from, to, address } = pair;
  const least = leastTrip(crossingOf(lab, { from: from.name, nic: from.nic, to: address })) / 1000;
  const ping: Ping = { name: `delay/${name}`, ...between(from, address), mode: "timed" };
  return [
    {
      ...{ kind: "delay", name: ping.name, host: ping.host },
      expected: `${where}: ${from.name} to ${to.name} and back takes at least ${least} ms`,
      where: `./vxlab exec ${from.name} -- ping -c 5 ${address}`,
      needs: ["containers"],
      ping,
      judge: (facts, evidence) =>
        onPing(ping, facts, evidence, ({ least: found }) => ({
          // The clock of ping and that of the queue are read at different times.
          ok: found !== undefined && found >= least - 1,
          got: found === undefined ? "no answer" : `${found} ms at least`,
        })),
      doubt: ({ ok }, { pings }) => (ok || pings.get(ping.name)?.least !== undefined ? undefined : ping),
    },
  ];
}
