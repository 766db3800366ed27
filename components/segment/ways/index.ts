/** Every way to flood. */
import type { Findings } from "../../../plan/findings";
import type { Encapsulation } from "../../../plan/net/encap";
import type { Problem } from "../../../plan/problem";
import type { ResolvedFlooding } from "../../../plan/resolved";
import type { LinkPort } from "../port";
import { Flooding } from "../spec";
import { evpn } from "./evpn";
import type { EvpnPortState } from "./evpn";
import { flow } from "./flow";
import type { FlowPortState } from "./flow";
import { multicast } from "./multicast";
import type { MulticastFlooding, MulticastPortState } from "./multicast";
import { unicast } from "./unicast";
import type { UnicastPortState } from "./unicast";
import type { FloodingInput, Way } from "./way";

/** A port's desired state: a union by `flooding`. */
export type PortState = UnicastPortState | MulticastPortState | FlowPortState | EvpnPortState;

export const WAYS: Readonly<Record<Flooding, Way<ResolvedFlooding, PortState>>> = {
  [Flooding.Unicast]: unicast,
  [Flooding.Multicast]: multicast,
  [Flooding.Flow]: flow,
  [Flooding.Evpn]: evpn,
};

/** Their words. */
export const FLOODINGS = Object.values(Flooding);

/** The default UDP ports of segments. */
export const USUAL_PORTS = [
  ...new Set(FLOODINGS.flatMap((word) => Object.values(WAYS[word].encapsulations))),
].sort((a, b) => a - b);

/** The way of a segment's flooding. */
export function wayOf({ way }: ResolvedFlooding): Way {
  return WAYS[way];
}

/** The group of a segment that floods by multicast. */
export function multicastGroup(flooding: ResolvedFlooding): bigint | undefined {
  return flooding.way === Flooding.Multicast ? (flooding as MulticastFlooding).group : undefined;
}

export function resolveFlooding(
  input: FloodingInput,
  flooding: Flooding,
  said: Findings,
): ResolvedFlooding | undefined {
  const own = WAYS[flooding].resolve(input, said);
  for (const word of FLOODINGS.filter((one) => one !== flooding)) {
    for (const key of WAYS[word].settings) {
      const got = input.spec[key];
      const message = `Has no effect: only ${word} flooding has ${key}.`;
      if (got !== undefined)
        said.say(input.at(key), got, message, `Leave it out, or write flooding: ${word}.`);
    }
  }
  return own;
}

/** Why this way to flood cannot use the encapsulation, and the cure. */
export function carrierFault(
  encapsulation: Encapsulation,
  flooding: Flooding,
): Pick<Problem, "message" | "cure"> | undefined {
  const can = (way: Flooding) => WAYS[way].encapsulations[encapsulation] !== undefined;
  if (can(flooding)) return undefined;
  const ways = FLOODINGS.filter(can).join(" or ");
  return {
    message: `Cannot be used with flooding: ${flooding}.`,
    cure: `Write flooding: ${ways}, or leave encapsulation out.`,
  };
}

/** One port leads to all other hosts, instead of one to each. */
export function isJoint(flooding: Flooding): boolean {
  return WAYS[flooding].devices(0).length > 0;
}

/** Names of every port that a segment has on bridges of a host. */
export function portsOf(flooding: Flooding, { vni, tunnels }: LinkPort): string[] {
  return isJoint(flooding) ? WAYS[flooding].devices(vni) : tunnels.map(({ port }) => port);
}
