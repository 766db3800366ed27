/**
 * Checks that send packets through impairments. A lossy or slow path gets more time and more pings, duplicates from an impairment do not
 * count as a loop, and a path that is cut on purpose must be cut. A path that loses most packets proves nothing: its checks are left out.
 */
import type { LabOutput } from "../plan/contract";
import type { Check, Evidence } from "./check";
import type { PingFacts } from "./evidence/pings";
import { crossingOf, LEAST_ARRIVALS, mostTrip, arrivalShare } from "./crossed";
import type { Crossing } from "./crossed";
import { onPing } from "./packets";

/** Longest extra wait for an answer, seconds. */
const LONGEST = 30;
/** Largest packet on the underlay, bytes. */
const PACKET = 1600;

export function impairedChecks(lab: LabOutput, checks: readonly Check[]): Check[] {
  if ((lab.impairments ?? []).length === 0) return [...checks];
  return checks.flatMap((check) => {
    const { ping } = check;
    // One does not leave its container, and the other must not be answered.
    if (ping === undefined || ping.mode === "too-big" || ping.mode === "isolated") return [check];
    const crossing = crossingOf(lab, ping);
    return crossing.there.length + crossing.back.length === 0 ? [check] : impaired(check, crossing);
  });
}

function impaired(check: Check, crossing: Crossing): Check[] {
  const answered = arrivalShare([...crossing.there, ...crossing.back]);
  if (answered === 0 && (check.kind === "ping" || check.kind === "gateway"))
    return [cutCheck(check, crossing)];
  if ((check.wire === undefined ? answered : arrivalShare(crossing.there)) < LEAST_ARRIVALS) return [];
  return [patientCheck(check, crossing, Math.max(answered, LEAST_ARRIVALS))];
}

/** Names of the impairments that lose every packet. */
function cuttingImpairments({ there, back }: Crossing): string {
  const cutting = [...there, ...back].filter((one) => arrivalShare([one]) === 0);
  return [...new Set(cutting.map(({ name }) => name))].join(", ");
}

function cutCheck(check: Check, crossing: Crossing): Check {
  const { ping } = check;
  if (ping === undefined) return check;
  const rest = { ...check };
  delete rest.doubt;
  return {
    ...rest,
    expected: `${ping.to} does not answer ${ping.from}: impairment ${cuttingImpairments(crossing)} loses every packet`,
    judge: (facts, evidence) =>
      onPing(ping, facts, evidence, ({ fate }) => ({
        ok: fate === "no answer",
        got: fate === "no answer" ? `no answer (impairment ${cuttingImpairments(crossing)})` : "answered",
      })),
  };
}

function patientCheck(check: Check, crossing: Crossing, answered: number): Check {
  const { ping, doubt } = check;
  if (ping === undefined) return check;
  const seconds = (2 * mostTrip(crossing, PACKET)) / 1_000_000 + 4 * (1 / answered - 1);
  const { patience = 0 } = ping;
  const patient = { ...ping, patience: Math.min(LONGEST, Math.ceil(seconds) + patience) };
  // The check `effect` judges duplicates, so it keeps them.
  const copies =
    check.kind !== "effect" && [...crossing.there, ...crossing.back].some(({ netem }) => netem.duplicate > 0);
  return {
    ...check,
    ping: patient,
    judge: (facts, evidence) => check.judge(facts, copies ? withoutCopies(evidence, ping.name) : evidence),
    ...(doubt === undefined
      ? {}
      : { doubt: (first, evidence) => (doubt(first, evidence) === undefined ? undefined : patient) }),
  };
}

/** Answers that came twice, since an impairment doubles packets. */
function withoutCopies(evidence: Evidence, name: string): Evidence {
  const found = evidence.pings.get(name);
  if (found?.duplicates === undefined) return evidence;
  const once: PingFacts = { ...found };
  delete once.duplicates;
  return { ...evidence, pings: new Map([...evidence.pings, [name, once]]) };
}
