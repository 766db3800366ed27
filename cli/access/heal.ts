/**
 * Runs the steps of faulty things on the hosts again, as the state has them. The engine runs a step only when its inputs change, and
 * a manual change on a host changes no input.
 */
import { THINGS } from "../../guest/things";
import type { Answer, Ask } from "../../verify/ask";
import type { FaultyThing } from "../../verify/faults";
import { inTurn } from "../../verify/pace";
import type { Output } from "../output/output";
import type { Step } from "../state/steps";

/** Longest time of one step, ms: Docker may have to pull an image. */
const STEP_MS = 600_000;
/** The order at boot. */
const ORDER = Object.keys(THINGS);

export interface Repair {
  step: Step;
  why: string;
}

/** Each step once, in the order at boot. */
export function repairsOf(faults: readonly FaultyThing[], steps: readonly Step[]): Repair[] {
  const all = faults.flatMap(({ host, kind, key, step: name, why }) =>
    steps
      .filter((step) => step.host === host && step.kind === kind)
      .filter((step) => (key === undefined || step.key === key) && (name === undefined || step.name === name))
      .map((step): Repair => ({ step, why })),
  );
  const each = [
    ...new Map(all.reverse().map((repair) => [`${repair.step.host} ${repair.step.name}`, repair])).values(),
  ];
  return each.reverse().sort((a, b) => ORDER.indexOf(a.step.kind) - ORDER.indexOf(b.step.kind));
}

/** In sequence on each host, hosts in parallel. Prints a line for each; returns false if one failed. */
export async function heal(out: Output, ask: Ask, repairs: readonly Repair[]): Promise<boolean> {
  const hosts = [...new Set(repairs.map(({ step }) => step.host))];
  const done = await inTurn(hosts, hosts.length, async (host) => {
    let well = true;
    for (const repair of repairs.filter(({ step }) => step.host === host))
      well = (await again(out, ask, repair)) && well;
    return well;
  });
  return done.every(Boolean);
}

async function again(out: Output, ask: Ask, { step, why }: Repair): Promise<boolean> {
  const { host, kind, key, command, stdin } = step;
  const what = `${host}: ${kind === "port" ? `port of VNI ${key}` : `${kind} ${key}`}`;
  const answer = await ask.ask(host, command, { limit: STEP_MS, stdin });
  const fault = faultOf(answer);
  out.line(
    fault === undefined ? `${what} applied again (${why})` : `${what} cannot be applied again: ${fault}`,
  );
  return fault === undefined;
}

function faultOf(answer: Answer): string | undefined {
  if ("silent" in answer) return answer.silent;
  if (answer.code === 0) return undefined;
  return answer.stderr.trim().split("\n").at(-1) || `exit code ${answer.code}`;
}
