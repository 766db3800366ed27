/** Who talks to whom: the hosts of a segment, and the tunnels of each. */
import { sortedEntries } from "../../plan/rules";
import type { HostSpec, SegmentSpec, Topology } from "../../plan/types";

export interface Participant {
  name: string;
  spec: HostSpec;
}

/**
 * The hosts that take part in a segment, sorted by name. Unless it names some, every host of the lab does: a container
 * can then move to any host without a change to the others' tunnels.
 */
export function participants(topology: Topology, { hosts: wanted }: SegmentSpec): Participant[] {
  const all = sortedEntries(topology.hosts).map(([name, spec]) => ({ name, spec }));
  if (!isChoice(wanted)) return all;
  const names = new Set<unknown>(wanted);
  return all.filter(({ name }) => names.has(name));
}

/** An empty list is refused; it is no reason to refuse what follows from it as well. */
function isChoice(wanted: unknown): wanted is unknown[] {
  return Array.isArray(wanted) && wanted.length > 0;
}

/** Whether a host takes part in a segment. */
export function takesPart(topology: Topology, { hosts: wanted }: SegmentSpec, host: unknown): boolean {
  if (typeof host !== "string" || !Object.hasOwn(topology.hosts, host)) return false;
  return !isChoice(wanted) || wanted.includes(host);
}

/** The remotes of one host: everyone but itself, in the given order; with a hub, that alone unless it is the hub. */
export function remotesOf<T extends { name: string }>(
  host: string,
  everyone: readonly T[],
  hub?: string,
): T[] {
  const others = everyone.filter(({ name }) => name !== host);
  return hub === undefined || hub === host ? others : others.filter(({ name }) => name === hub);
}
