/** Every way to flood. */
import type { Findings } from "../../../plan/findings";
import type { Encapsulation } from "../../../plan/net/encap";
import type { Problem } from "../../../plan/problem";
import type { ResolvedFlooding } from "../../../plan/resolved";
import { Flooding } from "../spec";
import { flow } from "./flow";
import { multicast } from "./multicast";
import { unicast } from "./unicast";
import type { FloodingInput, Way } from "./way";

export const WAYS: { readonly [Word in Flooding]: Way<Extract<ResolvedFlooding, { way: Word }>> } = {
  [Flooding.Unicast]: unicast,
  [Flooding.Multicast]: multicast,
  [Flooding.Flow]: flow,
};

/** The way of a segment's flooding. */
export function wayOf({ way }: ResolvedFlooding): Way<ResolvedFlooding> {
  return WAYS[way];
}

export function resolveFlooding(
  input: FloodingInput,
  flooding: Flooding,
  said: Findings,
): ResolvedFlooding | undefined {
  const own = WAYS[flooding].resolve(input, said);
  for (const word of Object.values(Flooding).filter((one) => one !== flooding)) {
    for (const key of WAYS[word].settings) {
      const got = input.spec[key];
      const message = `Has no effect: only ${word} flooding has ${key}.`;
      if (got !== undefined)
        said.say(input.at(key), got, message, `Leave it out, or write flooding: ${word}.`);
    }
  }
  return own;
}

/** Why a segment that floods in this way cannot be encapsulated so, and the cure. */
export function carrierFault(
  encapsulation: Encapsulation,
  flooding: Flooding,
): Pick<Problem, "message" | "cure"> | undefined {
  const can = (way: Flooding) => WAYS[way].encapsulations[encapsulation] !== undefined;
  if (can(flooding)) return undefined;
  const ways = Object.values(Flooding).filter(can).join(" or ");
  return {
    message: `Cannot be used with flooding: ${flooding}.`,
    cure: `Write flooding: ${ways}, or leave encapsulation out.`,
  };
}

/** Name of the port by which frames for a remote leave. */
export function portName(flooding: Flooding, vni: number, remote: string): string {
  return WAYS[flooding].portTo(vni, remote);
}
