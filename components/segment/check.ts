import { underlayClash } from "../underlay/check";
import { udpPortOf } from "../../plan/defaults";
import { participants, takesPart } from "./mesh";
import { IpFamily, MAX_UNDERLAY_MTU, MIN_SEGMENT_MTU, MIN_SEGMENT6_MTU, vxlanOverhead } from "../../plan/mtu";
import { labelFault } from "../../plan/names";
import { readSubnet, SEGMENT6_PREFIXES } from "../../plan/read-address";
import { checkInteger, checkNumber, pathOf, repeated, sortedEntries } from "../../plan/rules";
import type { Claim } from "../../plan/rules";
import type { Problem, SegmentSpec, Topology } from "../../plan/types";
import { labFamily, segmentMtuLimit, underlayMtu, underlaysOf } from "../underlay/underlays";

/** 24 bits without 0, which Open vSwitch cannot tell from "no key" (RFC 7348 section 5; ovs-vswitchd.conf.db(5)). */
export const MAX_VNI = 2 ** 24 - 1;
/** IEEE 802.1Q keeps 0 and 4095 for itself. */
const MAX_VLAN = 4094;
/**
 * Without the system ports, which services of a host answer on (RFC 6335 section 6): DNS 53, DHCP 67, 68, 546 and 547, NTP 123.
 * Open vSwitch and the kernel bind a tunnel's port on every address of the host.
 */
const UDP_PORTS = {
  min: 1024,
  max: 65535,
  unit: "a UDP port for tunnels",
  why: "those below are the host's services'",
};

export function checkSegments(topology: Topology): Problem[] {
  const segments = sortedEntries(topology.segments);
  const vnis = vniClaims(segments);
  return [
    ...segments.flatMap(([name, segment]) => checkSegment(topology, name, segment)),
    ...repeated(vnis, "This VNI", "Give each segment a VNI of its own."),
    ...checkVlans(topology, segments),
  ];
}

function checkSegment(topology: Topology, name: string, segment: SegmentSpec): Problem[] {
  const at = (key: string) => pathOf("segments", name, key);
  const fault = labelFault(name);
  const cure = "Rename the segment, for example red.";
  const vni = { min: 1, max: MAX_VNI, unit: "a VNI", why: "0 means no VNI to Open vSwitch" };
  return [
    ...(fault === undefined ? [] : [{ path: pathOf("segments", name), got: name, message: fault, cure }]),
    ...checkNumber(at("vni"), segment.vni, vni),
    ...checkSubnet(topology, at("subnet"), segment.subnet),
    ...(segment.subnet6 === undefined ? [] : checkSubnet6(topology, at("subnet6"), segment.subnet6)),
    ...checkNumber(at("udpPort"), udpPortOf(segment), UDP_PORTS),
    ...(segment.vlan === undefined
      ? []
      : checkNumber(at("vlan"), segment.vlan, { min: 1, max: MAX_VLAN, unit: "a VLAN" })),
    ...checkMtu(topology, at("mtu"), segment),
  ];
}

function checkSubnet(topology: Topology, path: string, got: unknown): Problem[] {
  const read = readSubnet(got, IpFamily.V4);
  const cure = "Write the IPv4 subnet of the segment's containers, for example 10.0.3.0/24.";
  if (read.fault !== undefined) return [{ path, got, message: read.fault, cure }];
  return underlayClash(topology, path, got, read.value);
}

function checkSubnet6(topology: Topology, path: string, got: unknown): Problem[] {
  const read = readSubnet(got, IpFamily.V6, SEGMENT6_PREFIXES);
  const cure = "Write an IPv6 subnet, for example fd00:0:0:3::/64, or leave it out.";
  if (read.fault !== undefined) return [{ path, got, message: read.fault, cure }];
  return underlayClash(topology, path, got, read.value);
}

function checkMtu(topology: Topology, path: string, segment: SegmentSpec): Problem[] {
  const limit = segmentMtuLimit(topology, segment);
  // With an impossible underlay there is no limit to speak of, and no sense in blaming a default.
  if (limit === undefined && segment.mtu === undefined) return [];
  const got = segment.mtu ?? limit;
  const max = limit ?? MAX_UNDERLAY_MTU;
  const min = segment.subnet6 === undefined ? MIN_SEGMENT_MTU : MIN_SEGMENT6_MTU;
  const overhead = vxlanOverhead(labFamily(topology));
  const smallest = underlaysOf(topology).length > 1 ? "smallest underlay's" : "underlay's";
  const why = `${max} is the ${smallest} ${underlayMtu(topology, segment)} less ${overhead} for VXLAN`;
  const range = { min, max, unit: "bytes", ...(limit === undefined ? {} : { why }) };
  const cure = `Leave it out to get ${max}, or raise underlay.mtu.`;
  if (max < min) {
    const message = `An IPv6 subnet needs ${min} bytes (RFC 8200 section 5): ${why}.`;
    return [{ path, got: segment.mtu, message, cure: `Raise underlay.mtu to ${min + overhead}.` }];
  }
  return checkInteger(path, got, range).map((problem) =>
    limit === undefined ? problem : { ...problem, cure },
  );
}

/**
 * On one bridge a VLAN is one segment, and so is "untagged": an untagged port belongs to the bridge's one native VLAN.
 * Segments that have no host in common may share either.
 */
function checkVlans(topology: Topology, segments: readonly [string, SegmentSpec][]): Problem[] {
  const before = new Map<unknown, { name: string; hosts: string[] }[]>();
  return segments.flatMap(([name, segment]) => {
    const { vlan } = segment;
    const others = before.get(vlan) ?? [];
    const hosts = participants(topology, segment).map((one) => one.name);
    before.set(vlan, [...others, { name, hosts }]);
    for (const other of others) {
      const host = other.hosts.find((one) => takesPart(topology, segment, one));
      if (host !== undefined) return [vlanProblem(name, vlan, { other: other.name, host })];
    }
    return [];
  });
}

function vlanProblem(name: string, got: unknown, { other, host }: { other: string; host: string }): Problem {
  const path = pathOf("segments", name, "vlan");
  const apart = `keep the two to different hosts (${pathOf("segments", name, "hosts")})`;
  const taken = pathOf("segments", other, "vlan");
  if (got !== undefined) {
    const message = `This VLAN is already taken by ${taken}, and ${host} is in both segments.`;
    return { path, got, message, cure: `Give it a VLAN of its own, or ${apart}.` };
  }
  const message = `A bridge holds one untagged segment, and ${pathOf("segments", other)} is that on ${host}.`;
  return { path, got, message, cure: `Give it a VLAN from 1 to ${MAX_VLAN}, or ${apart}.` };
}

function vniClaims(segments: readonly [string, SegmentSpec][]): Claim[] {
  return segments.flatMap(([name, { vni: got }]) =>
    typeof got === "number" ? [{ path: pathOf("segments", name, "vni"), got, key: got }] : [],
  );
}
