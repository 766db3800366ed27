/** Checks of segments among each other (VNIs, VLANs, ways to flood), and of their subnets against the underlay. */
import { ENCAPSULATIONS } from "../../plan/net/encap";
import type { Problem } from "../../plan/problem";
import type { ResolvedLab, ResolvedSegment } from "../../plan/resolved";
import { pathOf, repeated } from "../../plan/rules";
import { underlayClash } from "../underlay/check";
import { MULTICAST_UDP_PORT, SEGMENT } from "./spec";
import { wayOf, WAYS } from "./ways";

export function checkSegments(lab: ResolvedLab): Problem[] {
  const vnis = lab.segments.map(({ name, vni }) => ({
    path: pathOf("segments", name, "vni"),
    got: vni,
    key: vni,
  }));
  return [
    ...lab.segments.flatMap((segment) => checkSubnets(lab, segment)),
    ...repeated(vnis, "This VNI", "Give each segment a VNI of its own."),
    ...lab.segments.flatMap(checkProbes),
    ...checkVlans(lab.segments),
    ...checkSockets(lab.segments),
    ...Object.values(WAYS).flatMap((way) => way.check?.(lab.segments) ?? []),
    ...(lab.peers.length === 0 ? [] : lab.segments.flatMap(checkPeers)),
  ];
}

function checkSubnets(lab: ResolvedLab, { name, spec, subnet, subnet6 }: ResolvedSegment): Problem[] {
  return Object.entries({ subnet, subnet6 }).flatMap(([key, found]) =>
    found === undefined
      ? []
      : underlayClash(lab, pathOf("segments", name, key), spec[key as "subnet" | "subnet6"], found),
  );
}

function checkProbes({ name, spec, bfd, remotes }: ResolvedSegment): Problem[] {
  if (!bfd || remotes.length === 0) return [];
  const message = "A VTEP of remotes does not answer BFD as vxlab sets it up.";
  return [
    { path: pathOf("segments", name, "bfd"), got: spec.bfd, message, cure: "Leave bfd or remotes out." },
  ];
}

/** What receives the packets of a segment on a host, and binds their UDP port: nothing else on the host can bind it. */
function receiver({ flooding, encapsulation }: ResolvedSegment): string {
  return wayOf(flooding).receiver ?? `Open vSwitch's ${ENCAPSULATIONS[encapsulation].title} device`;
}

/** The segment whose port is written is named, of two the later one. */
function checkSockets(segments: readonly ResolvedSegment[]): Problem[] {
  const late = [...segments].sort((a, b) => Number(written(a)) - Number(written(b)));
  return late.flatMap((segment, index) => {
    const clash = late.slice(0, index).find((other) => collide(other, segment));
    if (clash === undefined) return [];
    const taken = `${receiver(clash)} (${pathOf("segments", clash.name)})`;
    return [
      {
        path: pathOf("segments", segment.name, "udpPort"),
        got: segment.spec.udpPort,
        message: `${segment.udpPort} is the UDP port of ${taken}: on one host ${receiver(segment)} cannot share it.`,
        cure: `Give one of the two another port, such as ${freePort(segments)}.`,
      },
    ];
  });
}

function freePort(segments: readonly ResolvedSegment[]): number {
  const taken = new Set(segments.map(({ udpPort }) => udpPort));
  let port = MULTICAST_UDP_PORT;
  while (taken.has(port)) port += 1;
  return port;
}

const written = ({ spec }: ResolvedSegment): boolean => spec.udpPort !== undefined;

function collide(one: ResolvedSegment, other: ResolvedSegment): boolean {
  if (one.udpPort !== other.udpPort || receiver(one) === receiver(other)) return false;
  return one.names.some((host) => other.names.includes(host));
}

/**
 * On one bridge a VLAN is one segment, and so is "untagged": an untagged port belongs to the bridge's one native VLAN.
 * Segments without a common host may share a VLAN, or both be untagged.
 */
function checkVlans(segments: readonly ResolvedSegment[]): Problem[] {
  const before = new Map<number | undefined, ResolvedSegment[]>();
  return segments.flatMap((segment) => {
    const others = before.get(segment.vlan) ?? [];
    before.set(segment.vlan, [...others, segment]);
    for (const other of others) {
      const host = other.names.find((one) => segment.names.includes(one));
      if (host !== undefined) return [vlanProblem(segment, other.name, host)];
    }
    return [];
  });
}

function vlanProblem({ name, vlan: got }: ResolvedSegment, other: string, host: string): Problem {
  const path = pathOf("segments", name, "vlan");
  const apart = `restrict the two to different hosts (${pathOf("segments", name, "hosts")})`;
  const taken = pathOf("segments", other, "vlan");
  if (got !== undefined) {
    const message = `This VLAN is already taken by ${taken}, and ${host} is in both segments.`;
    return { path, got, message, cure: `Give it a VLAN of its own, or ${apart}.` };
  }
  const message = `Is missing: ${pathOf("segments", other)} has none either, and a bridge (${host}) can have one untagged segment.`;
  return {
    path,
    got,
    message,
    cure: `Give one of the two a VLAN from ${SEGMENT.vlan.min} to ${SEGMENT.vlan.max} (a new segment rather than one that is deployed), or ${apart}.`,
  };
}

/** Peers cannot take part in some segments, since only their VTEPs are known. */
function checkPeers({ name, spec, open, flooding }: ResolvedSegment): Problem[] {
  const closed = open ? wayOf(flooding).closed?.(flooding) : undefined;
  if (closed === undefined) return [];
  const { key, needs } = closed;
  return [
    {
      path: pathOf("segments", name, key),
      got: spec[key],
      message: `Such a segment ${needs}, but vxlab knows only the VTEPs of a peer.`,
      cure: `Leave ${key} out, or restrict the segment to your own hosts with segments.${name}.hosts.`,
    },
  ];
}
