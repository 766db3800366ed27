/** Who talks to whom: the tunnels of each host in each segment. */
import type { Topology, VxlanPortPlan } from "./types";
import { sortedEntries } from "./rules";

type Remote = VxlanPortPlan["remotes"][number];

/**
 * The hosts that take part in a segment, sorted by name. Every host of the lab does: a container can then move to any
 * host without a change to the others' tunnels.
 */
export function participants(topology: Topology): Remote[] {
  return sortedEntries(topology.hosts).map(([host, { address }]) => ({ host, address }));
}

/** The remotes of one host: everyone but itself, in the given order. */
export function remotesOf(host: string, everyone: readonly Remote[]): Remote[] {
  return everyone.filter((remote) => remote.host !== host).map((remote) => ({ ...remote }));
}
