/**
 * Who pings whom in a segment. All pairs of n containers are n(n-1) pings; a lab of a hundred would be at it for
 * minutes. So the containers stand in a ring, and each pings its nearest on either side: up to five containers that
 * is everybody, beyond it grows as n does.
 */
import type { ContainerPlan } from "../../plan/types";

/** One interface of a container: what sends and answers. */
export interface End {
  /** The container's. */
  name: string;
  host: string;
  /** The interface's name inside. */
  nic: string;
  segment: string;
  /** With prefix length, IPv4 first. */
  addresses: string[];
  mtu: number;
}

export function endsOf({ name, host, interfaces }: ContainerPlan): End[] {
  return interfaces.flatMap(({ name: nic, segment, addresses, mtu }) =>
    segment === undefined ? [] : [{ name, host, nic, segment, addresses, mtu }],
  );
}

export interface Pair {
  from: End;
  to: End;
}

/** Neighbours on each side of the ring that a container pings. */
export const REACH = 2;

/** Sorted by name but taking the hosts in turn, so that neighbours are on different hosts wherever that can be. */
export function ringOf(containers: readonly End[]): End[] {
  const turns = new Map<string, number>();
  const ranked = containers.map((container) => {
    const turn = turns.get(container.host) ?? 0;
    turns.set(container.host, turn + 1);
    return { container, turn };
  });
  // Array.sort is stable: within a turn the order by name stays.
  return ranked.sort((a, b) => a.turn - b.turn).map(({ container }) => container);
}

/** Every ping of a segment, both ways. */
export function pingPairs(containers: readonly End[]): Pair[] {
  const ring = ringOf(containers);
  return ring.flatMap((from, index) => neighbours(ring, index).map((to) => ({ from, to })));
}

/** One pair for each container, towards another host when a neighbour is there: for what needs no repetition. */
export function farPairs(containers: readonly End[]): Pair[] {
  const ring = ringOf(containers);
  return ring.flatMap((from, index) => {
    const near = neighbours(ring, index);
    const to = near.find(({ host }) => host !== from.host) ?? near[0];
    return to === undefined ? [] : [{ from, to }];
  });
}

function neighbours(ring: readonly End[], index: number): End[] {
  const places = Array.from({ length: REACH }, (_, i) => [index + i + 1, index - i - 1]).flat();
  const wrapped = places.map((place) => (place + ring.length * REACH) % ring.length);
  const others = [...new Set(wrapped)].filter((place) => place !== index);
  return others.flatMap((place) => ring[place] ?? []);
}

/**
 * Pairs that must not reach each other: each container, and one of the segment that follows its own. Containers with
 * an address that exists in both segments are left out: the answer would say nothing.
 */
export function strangers(segments: readonly (readonly End[])[]): Pair[] {
  const inhabited = segments.filter((containers) => containers.length > 0);
  if (inhabited.length < 2) return [];
  return inhabited.flatMap((own, index) => {
    const next = inhabited[(index + 1) % inhabited.length] ?? [];
    return own.flatMap((from) => strangerOf(from, own, next));
  });
}

function strangerOf(from: End, own: readonly End[], next: readonly End[]): Pair[] {
  const taken = new Set(own.map(ipOf));
  const strange = next.filter((container) => !taken.has(ipOf(container)));
  // On the same host nothing but the bridge keeps them apart, so that is where a leak shows first.
  const to = strange.find(({ host }) => host === from.host) ?? strange[0];
  return to === undefined ? [] : [{ from, to }];
}

/** An end's first address without its prefix length. */
export function ipOf({ addresses: [first = ""] }: Pick<End, "addresses">): string {
  return first.split("/")[0] ?? first;
}
