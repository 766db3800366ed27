/** Segments, read: subnets, numbers, hosts that take part, the way to flood, services. */
import type { Subnet } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { labelFault } from "../../plan/names";
import { ENCAPSULATIONS, maxOverlayMtu } from "../../plan/net/encap";
import type { Encapsulation } from "../../plan/net/encap";
import { IpFamily } from "../../plan/net/family";
import { readSubnet, SEGMENT6_PREFIXES } from "../../plan/read-address";
import type { ResolvedHost, ResolvedSegment, SegmentNetwork, Underlays } from "../../plan/resolved";
import { checkInteger, checkList, compareText, pathOf, sortedEntries } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { simpleValues, without } from "../../plan/values";
import type { At } from "../../plan/values";
import { carrierUnder } from "../encryption/mtu";
import { namedHosts } from "../host/named";
import { resolveServices } from "../service/resolve-gateways";
import { Flooding, MIN_MTU6, SEGMENT } from "./spec";
import type { SegmentSpec } from "./spec";
import { resolveRemotes } from "./resolve-remotes";
import { carrierFault, resolveFlooding, WAYS } from "./ways";

interface Context {
  underlays: Underlays;
  hosts: readonly ResolvedHost[];
}

export interface Segments {
  /** Those with a usable VNI, subnet and the like, sorted by name. */
  segments: ResolvedSegment[];
  /** Those with a usable subnet. */
  networks: SegmentNetwork[];
}

export function resolveSegments(topology: Topology, context: Context, said: Findings): Segments {
  const all = sortedEntries(topology.segments).map(([name, spec]) =>
    resolveSegment(topology, name, spec, context, said),
  );
  return {
    segments: all.flatMap(({ segment }) => segment ?? []),
    networks: all.flatMap(({ network }) => network ?? []),
  };
}

function resolveSegment(
  topology: Topology,
  name: string,
  spec: SegmentSpec,
  { underlays, hosts }: Context,
  said: Findings,
): { network?: SegmentNetwork; segment?: ResolvedSegment } {
  const at: At = (...keys) => pathOf("segments", name, ...keys);
  said.sayIf(at(), name, labelFault(name), "Rename the segment, for example red.");
  const names = resolveHosts(topology, at("hosts"), spec.hosts, said);
  const members = hosts.filter((host) => names.includes(host.name));
  const { vni, vlan, flooding, udpPort, encapsulation, ...values } = simpleValues(SIMPLE, spec, at, said);
  const subnet = resolveSubnet(at("subnet"), spec, said);
  const subnet6 = resolveSubnet6(at("subnet6"), spec.subnet6, said);
  const { family } = underlays;
  const way = resolveFlooding({ spec, at, names, family, vni }, flooding, said);
  const usual = usualPort(at("encapsulation"), encapsulation, flooding, said);
  const remotes = resolveRemotes({ spec, at, hosts, family }, flooding, said);
  const offered = resolveServices({ topology, spec, at, names, subnet, subnet6, family }, said);
  const mtu = resolveMtu(at("mtu"), spec, { encapsulation, underlays, members }, said);
  // Values that no default can replace without problems at other settings.
  const unusable = [
    spec.vlan !== vlan,
    spec.udpPort !== udpPort,
    spec.encapsulation !== undefined && spec.encapsulation !== encapsulation,
    spec.flooding !== undefined && spec.flooding !== flooding,
    spec.subnet6 !== undefined && subnet6 === undefined,
  ];
  if (subnet === undefined && (spec.subnet !== undefined || spec.subnet6 === undefined)) return {};
  const network = networkOf({ name, subnet, subnet6, ...offered });
  if (vni === undefined || way === undefined || usual === undefined || unusable.includes(true))
    return { network };
  const segment = {
    ...{ ...network, ...values, spec, vni, names, members, remotes, flooding: way, mtu },
    ...{ encapsulation, udpPort: udpPort ?? usual },
    ...(vlan === undefined ? {} : { vlan }),
    open: spec.hosts === undefined,
  };
  return { network, segment };
}

/** The default UDP port of a segment's tunnels; undefined if flooding and encapsulation cannot be combined. */
function usualPort(
  path: string,
  encapsulation: Encapsulation,
  flooding: Flooding,
  said: Findings,
): number | undefined {
  const fault = carrierFault(encapsulation, flooding);
  if (fault !== undefined) said.say(path, encapsulation, fault.message, fault.cure);
  return WAYS[flooding].encapsulations[encapsulation];
}

function networkOf({
  name,
  subnet,
  subnet6,
  service,
  gateways,
}: {
  [Key in keyof Required<SegmentNetwork>]: SegmentNetwork[Key];
}): SegmentNetwork {
  return {
    name,
    ...(subnet === undefined ? {} : { subnet }),
    ...(subnet6 === undefined ? {} : { subnet6 }),
    ...(service === undefined ? {} : { service }),
    ...(gateways === undefined || gateways.length === 0 ? {} : { gateways }),
  };
}

/** Without the MTU, whose bounds depend on the underlays. */
const SIMPLE = without(SEGMENT, "mtu");

/** Names of the hosts that take part. By default all hosts, so that a container can move to any of them without a change of tunnels. */
function resolveHosts(topology: Topology, path: string, got: unknown, said: Findings): string[] {
  const known = Object.keys(topology.hosts).sort(compareText);
  if (got === undefined) return known;
  const cure = "Write a list of host names, or leave it out for all hosts.";
  said.add(checkList(path, got, cure));
  if (!Array.isArray(got) || got.length === 0) return known;
  return namedHosts(path, got, known, said);
}

/** A segment has a subnet of one family or of both. */
function resolveSubnet(
  path: string,
  { subnet: got, subnet6 }: SegmentSpec,
  said: Findings,
): Subnet | undefined {
  if (got === undefined && subnet6 !== undefined) return undefined;
  const other = got === undefined ? ", or subnet6" : "";
  const cure = `Write the IPv4 subnet of the segment's containers, for example 10.0.3.0/24${other}.`;
  return said.take(path, got, readSubnet(got, IpFamily.V4), cure);
}

function resolveSubnet6(path: string, got: unknown, said: Findings): Subnet | undefined {
  if (got === undefined) return undefined;
  const cure = "Write an IPv6 subnet, for example fd00:0:0:3::/64, or leave it out.";
  return said.take(path, got, readSubnet(got, IpFamily.V6, SEGMENT6_PREFIXES), cure);
}

/** As written, or the largest that fits into a packet of its underlays. */
function resolveMtu(
  path: string,
  { mtu: got, subnet6 }: SegmentSpec,
  {
    encapsulation,
    underlays,
    members,
  }: { encapsulation: Encapsulation; underlays: Underlays; members: readonly ResolvedHost[] },
  said: Findings,
): number {
  const { mtu: carried, family, spent } = carrierUnder(underlays, members);
  const under = carried + spent;
  const max = maxOverlayMtu(carried, family, encapsulation);
  const min = subnet6 === undefined ? SEGMENT.mtu.min : MIN_MTU6;
  const smallest = underlays.used.length > 1 ? "smallest underlay's" : "underlay's";
  const why = `${max} is the ${smallest} ${under} less ${under - max} for ${ENCAPSULATIONS[encapsulation].title}${spent === 0 ? "" : " and WireGuard"}`;
  if (max < min) {
    const message = `An IPv6 subnet needs ${min} bytes (RFC 8200 section 5): ${why}.`;
    said.say(path, got, message, `Raise underlay.mtu to ${min + under - max}.`);
    return max;
  }
  if (got === undefined) return max;
  const cure = `Leave it out to get ${max}, or raise underlay.mtu.`;
  const problems = checkInteger(path, got, { ...SEGMENT.mtu, min, max, why });
  said.add(problems.map((problem) => ({ ...problem, cure })));
  return problems.length === 0 ? got : max;
}
