/** The MTU of the network below a segment. */
import type { ResolvedHost, ResolvedUnderlay, Underlays } from "../../plan/resolved";
import { UNDERLAY } from "./spec";

/**
 * The smallest MTU of the underlays that these hosts are on, bytes. An existing host may be reached by any of them; without hosts, all of
 * them count.
 */
export function mtuUnder({ written }: Underlays, hosts: readonly ResolvedHost[] = []): number {
  const machines = hosts.flatMap((host) => (host.kind === "machine" ? [host.underlay] : []));
  const known = machines.length > 0 && machines.length === hosts.length;
  return smallest(known ? machines : written);
}

function smallest(underlays: readonly ResolvedUnderlay[]): number {
  return Math.min(UNDERLAY.mtu.max, ...underlays.map(({ mtu }) => mtu));
}

/** Those that the machines among these hosts are on, in the order of their names. */
export function underlaysOf({ used }: Underlays, hosts: readonly ResolvedHost[]): ResolvedUnderlay[] {
  const found = new Set(hosts.flatMap((host) => (host.kind === "machine" ? [host.underlay] : [])));
  return used.filter((underlay) => found.has(underlay));
}
