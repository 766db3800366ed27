/** The BGP routers, read: AS number and route reflectors. */
import { naturalOrder } from "../../plan/change";
import type { Findings } from "../../plan/findings";
import type { ResolvedEvpn, ResolvedHost, ResolvedSegment } from "../../plan/resolved";
import { checkList, compareText, pathOf } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { simpleValues } from "../../plan/values";
import { namedHosts } from "../host/named";
import { Flooding } from "../segment/spec";
import { EVPN } from "./spec";

/** A single reflector is a single point of failure: without routes no frame leaves a host. */
const REFLECTORS = 2;

interface Context {
  hosts: readonly ResolvedHost[];
  segments: readonly ResolvedSegment[];
}

export function resolveEvpn(topology: Topology, context: Context, said: Findings): ResolvedEvpn {
  const { evpn: spec } = topology;
  const at = (...keys: (string | number)[]) => pathOf("evpn", ...keys);
  const { as } = simpleValues(EVPN, spec ?? {}, at, said);
  const known = Object.keys(topology.hosts).sort(compareText);
  const written = spec?.reflectors;
  const read = written === undefined ? undefined : resolveReflectors(at("reflectors"), written, known, said);
  // An underlay stack has hosts and no segments.
  const usual = context.segments.length === 0 ? known : holders(context.segments);
  // Sorted so that kvm10 comes after kvm9: a new host with a higher number does not become a reflector.
  const reflectors = read ?? [...usual].sort(naturalOrder).slice(0, REFLECTORS);
  return { ...(spec === undefined ? {} : { spec }), as, reflectors };
}

function resolveReflectors(
  path: string,
  got: unknown,
  known: readonly string[],
  said: Findings,
): string[] | undefined {
  const problems = checkList(path, got, "Write a list of host names, or leave it out.");
  said.add(problems);
  if (!Array.isArray(got) || problems.length > 0) return undefined;
  return namedHosts(path, got, known, said);
}

/** Names of the hosts that take part in a segment with EVPN. */
export function holders(segments: readonly ResolvedSegment[]): string[] {
  const own = segments.filter(({ flooding }) => flooding.way === Flooding.Evpn);
  return [...new Set(own.flatMap(({ names }) => names))];
}
