/** An impairment between two hosts, read: which tunnels lead from one to the other. */
import { addressText } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import type { Remote, ResolvedContainer, ResolvedHost, ResolvedSegment } from "../../plan/resolved";
import { compareText, suggest } from "../../plan/rules";
import { WIREGUARD_PORT } from "../encryption/wireguard";
import { OUTSIDE } from "../segment/resolve-remotes";
import { multicastGroup } from "../segment/ways";
import type { Topology } from "../../plan/settings";
import type { At } from "../../plan/values";
import type { ResolvedPlace, Way } from "./resolved";
import { Direction } from "./spec";
import type { ImpairmentSpec } from "./spec";

/** What an impairment can refer to. */
export interface Around {
  hosts: readonly ResolvedHost[];
  peers: readonly Remote[];
  segments: readonly ResolvedSegment[];
  containers: readonly ResolvedContainer[];
}

/** One impairment as it is written. */
export interface Written {
  topology: Topology;
  spec: ImpairmentSpec;
  at: At;
  /** Those of `direction`. */
  ways: readonly Way[];
}

/** A host of a peer, or a VTEP whose address alone is known. */
type Foreign = Pick<Remote, "host" | "address" | "encryption">;
/** An own host, or another's. */
type End = ResolvedHost | Foreign;

/** The UDP port of WireGuard, by which all tunnel packets to it go, if it encrypts. */
const sealedPort = (to: End): number | undefined =>
  to.encryption === undefined ? undefined : "port" in to.encryption ? to.encryption.port : WIREGUARD_PORT;

const nameOf = (end: End): string => {
  if (!("host" in end)) return end.name;
  return end.host.startsWith(OUTSIDE) ? addressText(end.address) : end.host;
};

/** VTEPs of `segments.<name>.remotes`, each once. */
function outsidersOf({ segments }: Pick<Around, "segments">): Foreign[] {
  const all = segments.flatMap(({ remotes }) => remotes);
  return [...new Map(all.map((one) => [one.host, one])).values()];
}

export function resolveBetween(written: Written, around: Around, said: Findings): ResolvedPlace[] {
  const { spec, at, ways } = written;
  if (spec.interface !== undefined)
    said.say(
      at("interface"),
      spec.interface,
      "Has no effect with between.",
      "Leave it out, or write container.",
    );
  const ends = endsOf(written, around, said);
  if (ends === undefined) return [];
  const segments = segmentsBetween(written, around, ends, said);
  if (segments === undefined) return [];
  if (spec.segment !== undefined && sealedPort(ends[1]) !== undefined) {
    const message = "Cannot be selected on an encrypted underlay: WireGuard hides the VNI.";
    said.say(at("segment"), spec.segment, message, "Leave it out, or impair a container.");
    return [];
  }
  const packets = segments.map(({ vni, udpPort, flooding }) => ({
    ...{ vni, udpPort, group: multicastGroup(flooding) },
  }));
  return ways.flatMap((way): ResolvedPlace[] => {
    const [from, to] = way === Direction.Out ? ends : ([ends[1], ends[0]] as const);
    if ("host" in from) {
      const message = `${nameOf(from)} belongs to another owner: only what ${nameOf(to)} sends can be impaired.`;
      const cure = `Write direction: ${way === Direction.Out ? Direction.In : Direction.Out}.`;
      said.say(at("direction"), spec.direction, message, cure);
      return [];
    }
    const sealed = sealedPort(to);
    const remote = { host: nameOf(to), address: to.address, ...(sealed === undefined ? {} : { sealed }) };
    return [{ host: from.name, number: 0, way, local: from.address, remote, segments: packets }];
  });
}

function endsOf(
  { topology, spec, at }: Written,
  { hosts, peers, segments }: Around,
  said: Findings,
): readonly [End, End] | undefined {
  const got: unknown = spec.between;
  const outsiders = outsidersOf({ segments });
  const known = [
    ...[...Object.keys(topology.hosts), ...peers.map(({ host }) => host)].sort(compareText),
    ...outsiders.map(nameOf),
  ];
  if (!Array.isArray(got) || got.length !== 2) {
    said.say(at("between"), got, "Is not a list of two hosts.", `Write two of: ${known.join(", ")}.`);
    return undefined;
  }
  const unknown = got.flatMap((name: unknown, index) =>
    known.some((one) => one === name) ? [] : [{ name, index }],
  );
  for (const { name, index } of unknown)
    said.say(at("between", index), name, "Is not a host of this lab.", suggest(name, known, "host"));
  if (unknown.length > 0) return undefined;
  if (got[0] === got[1]) {
    const message = "Is the same host twice: packets within a host cross no underlay.";
    said.say(at("between", 1), got[1], message, "Write another host, or impair a container.");
    return undefined;
  }
  const [first, second] = got.map((name: unknown) =>
    [...hosts, ...peers, ...outsiders].find((end) => nameOf(end) === name),
  );
  // One that was left out has been reported.
  return first === undefined || second === undefined ? undefined : [first, second];
}

/** The segments that have tunnels from one to the other; undefined after a problem was reported. */
function segmentsBetween(
  { topology, spec, at }: Written,
  { segments, peers }: Around,
  ends: readonly [End, End],
  said: Findings,
): ResolvedSegment[] | undefined {
  const [first, second] = ends.map(nameOf);
  const known = Object.keys(topology.segments).sort(compareText);
  if (spec.segment !== undefined && !known.some((name) => name === spec.segment)) {
    said.say(
      at("segment"),
      spec.segment,
      "Is not a segment of this lab.",
      suggest(spec.segment, known, "segment"),
    );
    return undefined;
  }
  const wanted = segments.filter(({ name }) => spec.segment === undefined || name === spec.segment);
  const shared = wanted.filter((segment) => hasTunnel(segment, ends));
  const path = spec.segment === undefined ? "between" : "segment";
  if (shared.length === 0) {
    if (wanted.length === 0) return undefined;
    const message = `There is no tunnel between ${first} and ${second}${hubText(wanted)}.`;
    said.say(
      at(path),
      spec[path],
      message,
      "Name two hosts with a tunnel between them, or impair a container.",
    );
    return undefined;
  }
  const crowded = shared.find((segment) => isCrowded(segment, peers));
  if (crowded === undefined) return shared;
  const message = `Segment ${crowded.name} has multicast flooding among more than two hosts: one packet goes to all of them.`;
  const others = shared.filter((segment) => !isCrowded(segment, peers)).map(({ name }) => name);
  const cure = `Impair a container${others.length === 0 ? "" : `, write segment: ${others.join(" or ")}`}, or give ${crowded.name} another flooding.`;
  said.say(at(path), spec[path], message, cure);
  return undefined;
}

function hasTunnel(
  { names, open, remotes, spec: { hub } }: ResolvedSegment,
  ends: readonly [End, End],
): boolean {
  const members = ends.every((end) => {
    if (!("host" in end)) return names.includes(end.name);
    const outside = end.host.startsWith(OUTSIDE);
    return outside ? remotes.some(({ host }) => host === end.host) : open;
  });
  return members && (hub === undefined || ends.some((end) => nameOf(end) === hub));
}

const hubText = (segments: readonly ResolvedSegment[]): string => {
  const hub = segments.find(({ spec }) => spec.hub !== undefined)?.spec.hub;
  return hub === undefined ? "" : ` (packets between spokes pass the hub, ${hub})`;
};

/** The sender cannot impair a packet to the group for only one of several receivers. */
function isCrowded({ flooding, members, open }: ResolvedSegment, peers: readonly Remote[]): boolean {
  return multicastGroup(flooding) !== undefined && members.length + (open ? peers.length : 0) > 2;
}
