import { underlayClash } from "./check-underlay";
import { udpPortOf } from "./defaults";
import { IpFamily, MAX_UNDERLAY_MTU, MIN_SEGMENT_MTU, MIN_SEGMENT6_MTU, vxlanOverhead } from "./mtu";
import { labelFault } from "./names";
import { readSubnet, SEGMENT6_PREFIXES } from "./read-address";
import { checkInteger, checkNumber, pathOf, repeated, sortedEntries } from "./rules";
import type { Claim } from "./rules";
import type { Problem, SegmentSpec, Topology } from "./types";
import { labFamily, segmentMtuLimit, underlayMtu, underlaysOf } from "./underlays";

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
  const vnis = claims(segments, "vni");
  const vlans = claims(segments, "vlan");
  return [
    ...segments.flatMap(([name, segment]) => checkSegment(topology, name, segment)),
    ...repeated(vnis, "This VNI", "Give each segment a VNI of its own."),
    ...repeated(vlans, "This VLAN", "Give each segment a VLAN of its own."),
    ...checkUntagged(segments),
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

/** An untagged port belongs to the bridge's one native VLAN: two such segments would be one. */
function checkUntagged(segments: readonly [string, SegmentSpec][]): Problem[] {
  const [first, ...others] = segments.filter(([, segment]) => segment.vlan === undefined);
  return others.map(([name]) => ({
    path: pathOf("segments", name, "vlan"),
    got: undefined,
    message: `A bridge holds one untagged segment, and segments.${first?.[0]} is that.`,
    cure: `Give it a VLAN from 1 to ${MAX_VLAN}.`,
  }));
}

function claims(segments: readonly [string, SegmentSpec][], key: "vni" | "vlan"): Claim[] {
  return segments.flatMap(([name, segment]) => {
    const got = segment[key];
    return typeof got === "number" ? [{ path: pathOf("segments", name, key), got, key: got }] : [];
  });
}
