/** Which hosts a segment has, and how it floods. */
import { addressText } from "../../plan/addresses";
import { floodingOf, ttlOf, udpPortOf } from "../../plan/defaults";
import { groupOf } from "./group";
import { participants } from "./mesh";
import { IpFamily } from "../../plan/mtu";
import { readGroup } from "../../plan/read-address";
import { checkChoice, checkList, checkNumber, compareText, pathOf, repeated } from "../../plan/rules";
import { sortedEntries, suggest } from "../../plan/rules";
import { Flooding } from "../../plan/types";
import type { Problem, SegmentSpec, Topology } from "../../plan/types";
import { labFamily } from "../underlay/underlays";

/**
 * Groups that one host joins on one UDP port: all its vxlan devices of a port share one socket (vxlan_sock_add in
 * drivers/net/vxlan). Linux lets a socket join 20 of IPv4 (igmp_max_memberships, ip-sysctl.rst), which components/segment/guest.sh raises to
 * this. Beyond that it is the memory for options (optmem_max, 20 KiB) that ends: after 426 groups of IPv4, 365 of IPv6 (6.1).
 */
export const MAX_GROUPS = 256;

type Entry = [name: string, segment: SegmentSpec];

export function checkFlooding(topology: Topology): Problem[] {
  const segments = sortedEntries(topology.segments);
  const multicast = segments.filter(([, segment]) => floodingOf(segment) === Flooding.Multicast);
  return [
    ...segments.flatMap((entry) => checkSegment(topology, entry)),
    ...repeated(
      groupClaims(topology, multicast),
      "This group on this UDP port",
      "Leave it out, or write another.",
    ),
    ...checkSockets(topology, segments, multicast),
    ...checkMemberships(topology, multicast),
  ];
}

function checkSegment(topology: Topology, [name, segment]: Entry): Problem[] {
  const at = (key: string) => pathOf("segments", name, key);
  const { ttl, group } = segment;
  return [
    ...(segment.hosts === undefined ? [] : checkHosts(topology, at("hosts"), segment.hosts)),
    ...checkChoice(at("flooding"), segment.flooding, Object.values(Flooding)),
    ...(segment.hub === undefined ? [] : checkHub(topology, at("hub"), segment)),
    ...(floodingOf(segment) === Flooding.Multicast ? [] : checkIdle(at, { group, ttl })),
    ...(group === undefined ? [] : checkGroup(topology, at("group"), group)),
    ...checkNumber(at("ttl"), ttlOf(segment), { min: 1, max: 255, unit: "a number of hops" }),
  ];
}

function checkHosts(topology: Topology, path: string, got: unknown): Problem[] {
  const cure = "Write names of hosts, or leave it out for all.";
  if (!Array.isArray(got)) return checkList(path, got, cure);
  const known = Object.keys(topology.hosts).sort(compareText);
  const strange = got.flatMap((name: unknown, index) => {
    const isHost = typeof name === "string" && Object.hasOwn(topology.hosts, name);
    const message = "Is not a host of this lab.";
    return isHost
      ? []
      : [{ path: `${path}[${index}]`, got: name, message, cure: suggest(name, known, "host") }];
  });
  const claims = got.map((name: unknown, index) => ({
    path: `${path}[${index}]`,
    got: name,
    key: JSON.stringify(name) ?? "",
  }));
  return [
    ...checkList(path, got, cure),
    ...strange,
    ...repeated(claims, "This host's place", "Name each host once."),
  ];
}

function checkHub(topology: Topology, path: string, segment: SegmentSpec): Problem[] {
  const got: unknown = segment.hub;
  const members = participants(topology, segment).map(({ name }) => name);
  const cure = suggest(got, members, "host of the segment");
  if (!members.some((name) => name === got)) {
    return [{ path, got, message: "Is not a host of the segment.", cure }];
  }
  if (floodingOf(segment) === Flooding.Unicast) return [];
  const message = `Has no effect: with flooding ${segment.flooding} no frame goes by another host.`;
  return [{ path, got, message, cure: "Leave it out, or write flooding: unicast." }];
}

function checkIdle(at: (key: string) => string, settings: Record<string, unknown>): Problem[] {
  return Object.entries(settings).flatMap(([key, got]) => {
    const message = "Has no effect: it is of multicast flooding.";
    const cure = `Leave it out, or write flooding: ${Flooding.Multicast}.`;
    return got === undefined ? [] : [{ path: at(key), got, message, cure }];
  });
}

function checkGroup(topology: Topology, path: string, got: unknown): Problem[] {
  const family = labFamily(topology);
  const { fault } = readGroup(got, family);
  const example = family === IpFamily.V4 ? "239.1.2.3" : "ff05::1:2:3";
  const cure = `Write one such as ${example}, or leave it out to have it computed from the VNI.`;
  return fault === undefined ? [] : [{ path, got, message: fault, cure }];
}

function groupClaims(topology: Topology, segments: readonly Entry[]) {
  const family = labFamily(topology);
  return segments.flatMap(([name, segment]) => {
    const value = groupOf(segment, family);
    const path = pathOf("segments", name, "group");
    const got = segment.group;
    return value === undefined ? [] : [{ path, got, key: `${addressText(value)} ${udpPortOf(segment)}` }];
  });
}

/** The kernel's device and Open vSwitch's vxlan_sys_PORT each want the UDP port to themselves. */
function checkSockets(topology: Topology, all: readonly Entry[], multicast: readonly Entry[]): Problem[] {
  const others = all.filter(([, segment]) => floodingOf(segment) !== Flooding.Multicast);
  return multicast.flatMap(([name, segment]) => {
    const hosts = new Set(participants(topology, segment).map((one) => one.name));
    const clash = others.find(
      ([, other]) =>
        udpPortOf(other) === udpPortOf(segment) &&
        participants(topology, other).some((one) => hosts.has(one.name)),
    );
    if (clash === undefined) return [];
    const path = pathOf("segments", name, "udpPort");
    const message = `Is the UDP port of ${pathOf("segments", clash[0])} too, whose tunnels are Open vSwitch's: on one host the kernel's multicast device cannot share it.`;
    return [{ path, got: segment.udpPort, message, cure: "Give one of the two another port, such as 4790." }];
  });
}

function checkMemberships(topology: Topology, multicast: readonly Entry[]): Problem[] {
  if (multicast.length <= MAX_GROUPS) return [];
  const counts = new Map<string, number>();
  return multicast.flatMap(([name, segment]) => {
    const port = udpPortOf(segment);
    const count = (host: string) => counts.get(`${host} ${port}`) ?? 0;
    const members = participants(topology, segment).map((one) => one.name);
    for (const member of members) counts.set(`${member} ${port}`, count(member) + 1);
    const full = members.find((member) => count(member) > MAX_GROUPS);
    if (full === undefined) return [];
    const path = pathOf("segments", name, "flooding");
    const message = `Is multicast group number ${count(full)} of UDP port ${port} on ${pathOf("hosts", full)}: a host joins ${MAX_GROUPS} on one port.`;
    const cure =
      "Give it a udpPort of its own, such as 4791, or write flooding: unicast or flow, or fewer hosts.";
    return [{ path, got: segment.flooding, message, cure }];
  });
}
