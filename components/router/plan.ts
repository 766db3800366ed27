/** The BGP routers of a lab, one on each host that takes part in EVPN. */
import { addressText } from "../../plan/addresses";
import type { NeighbourPlan, RouterPlan } from "../../plan/lab-plan";
import type { ResolvedHost, ResolvedLab } from "../../plan/resolved";
import { compareText } from "../../plan/rules";
import { endpointOf } from "../encryption/endpoint";
import { Flooding } from "../segment/spec";
import { senderPrefixes, senderRanges } from "./networks";
import { holders } from "./resolve";

/** @returns the router of a host; undefined where it has none */
export function planRouters(lab: ResolvedLab): (host: string) => RouterPlan | undefined {
  const holding = holders(lab.segments);
  if (holding.length === 0) return () => undefined;
  const { as, reflectors } = lab.evpn;
  const speaking = lab.hosts.filter(({ name }) => holding.includes(name) || reflectors.includes(name));
  const own = speaking
    .filter(({ name }) => reflectors.includes(name))
    .map((host): NeighbourPlan => ({ host: host.name, address: addressText(endpointOf(host)), as }));
  const far = isOpen(lab)
    ? lab.speakers.map(({ host, address, as }) => ({ host, address: addressText(address), as }))
    : [];
  const reflecting = reflectorPart(lab, speaking, far);
  return (name) => {
    if (!speaking.some((host) => host.name === name)) return undefined;
    const others = own.filter(({ host }) => host !== name);
    if (!reflectors.includes(name)) return { as, reflector: false, neighbours: others };
    return { as, reflector: true, neighbours: [...others, ...far].sort(byHost), ...reflecting };
  };
}

const byHost = (a: NeighbourPlan, b: NeighbourPlan): number => compareText(a.host, b.host);

/** Values that only reflectors have: who may open a session, for BGP and for the host guard. */
function reflectorPart(lab: ResolvedLab, speaking: readonly ResolvedHost[], far: readonly NeighbourPlan[]) {
  const vteps = speaking.map(endpointOf);
  const senders = senderRanges(lab, vteps);
  const others = far.map(({ address }) => address);
  return { listen: senderPrefixes(lab, vteps), clients: [...new Set([...senders, ...others])] };
}

/**
 * Hosts to which a host sends by EVPN, or with which it has sessions: those of its segments, and the reflectors; for a reflector, all hosts
 * with a router.
 */
export function partnersOf(lab: ResolvedLab, host: string): string[] {
  const shared = lab.segments.filter(
    ({ flooding, names }) => flooding.way === Flooding.Evpn && names.includes(host),
  );
  const { reflectors } = lab.evpn;
  const holding = holders(lab.segments);
  const isReflector = holding.length > 0 && reflectors.includes(host);
  if (shared.length === 0 && !isReflector) return [];
  return [
    ...shared.flatMap(({ names }) => names),
    ...(shared.some(({ open }) => open) ? lab.peers.map((peer) => peer.host) : []),
    ...reflectors,
    ...(isReflector ? holding : []),
    ...(isReflector && isOpen(lab) ? lab.speakers.map((speaker) => speaker.host) : []),
  ];
}

/** A segment with EVPN reaches the hosts of peers. */
export function isOpen({ segments }: ResolvedLab): boolean {
  return segments.some(({ open, flooding }) => open && flooding.way === Flooding.Evpn);
}
