/** The type of a way to flood. Each has a file beside this one, and a line in index.ts. */
import type { Encapsulation } from "../../../plan/net/encap";
import type { IpFamily } from "../../../plan/net/family";
import type { Findings } from "../../../plan/findings";
import type { VxlanPortPlan } from "../../../plan/lab-plan";
import type { Problem } from "../../../plan/problem";
import type { ResolvedFlooding, ResolvedLab, ResolvedSegment } from "../../../plan/resolved";
import type { At } from "../../../plan/values";
import type { HostNeed } from "../../host/spec";
import type { AnyPortState, Link, LinkHost, LinkPort, PortWanted } from "../port";
import type { SegmentSpec } from "../spec";
import type { Known } from "../stations";

/** Input for reading a segment's settings for flooding. */
export interface FloodingInput {
  spec: SegmentSpec;
  at: At;
  /** Names of the hosts that take part. */
  names: readonly string[];
  family: IpFamily;
  /** Undefined: unusable. */
  vni: number | undefined;
}

/** The part of a segment that a picture shows of its flooding. */
export interface DrawnSegment {
  group?: string;
  hub?: string;
  tunnels: readonly unknown[];
}

/** What a way decides about a host's port. By default it is protected, and has all of the segment's other hosts as remotes. */
type PortPart = (host: string, remotes: VxlanPortPlan["remotes"]) => Partial<VxlanPortPlan>;

/**
 * Everything about one way except what it does on a host: that is in the shell functions of `<word>.sh` beside it (../guest.sh lists them).
 *
 * @typeParam Own what is resolved of a segment that floods in this way
 * @typeParam State the desired state of a host's port
 */
export interface Way<
  Own extends ResolvedFlooding = ResolvedFlooding,
  State extends AnyPortState = AnyPortState,
> {
  /** How frames of such a segment can be encapsulated, and the UDP port where the segment has no `udpPort`. */
  readonly encapsulations: Readonly<Partial<Record<Encapsulation, number>>>;
  /** What a host must have for it. @default nothing beyond Open vSwitch */
  readonly need?: HostNeed;
  /** Settings that only this way has. */
  readonly settings: readonly (keyof SegmentSpec)[];
  /** Undefined after a problem was reported that no default replaces. */
  resolve(input: FloodingInput, said: Findings): Own | undefined;
  /** Why hosts of peers cannot take part: the setting, and what it needs to know of every host. */
  closed?(own: Own): { key: keyof SegmentSpec; needs: string } | undefined;
  /**
   * Whether VTEPs of which only the address is known (`remotes`) can take part; if not, what they lack.
   *
   * @default they cannot
   */
  readonly outsiders?: true | string;
  /** Problems between all segments. */
  check?(segments: readonly ResolvedSegment[]): Problem[];
  /** Problems if its hosts encrypt. @default none */
  readonly plain?: string;
  /** Hints: settings that work, but may not be what was meant. @default none */
  hints?(lab: ResolvedLab, segment: ResolvedSegment): Problem[];
  /** How flooded frames cross the underlay, in a few words for a picture. */
  readonly drawn: (segment: DrawnSegment) => string;
  /** Names of the interfaces that a host has for it, whatever its remotes are. */
  readonly devices: (vni: number) => string[];
  /** Name of the port that leads to a remote: each has its own, or one of `devices` leads to all. */
  readonly portTo: (vni: number, remote: string) => string;
  /** What binds the UDP port on a host, if that is not Open vSwitch. */
  readonly receiver?: string;
  plan(segment: ResolvedSegment, own: Own, known: Known): PortPart;
  state(port: AnyPortState, wanted: PortWanted): State;
  /** The ports of Open vSwitch that verify checks one by one, in a segment with other hosts. @default none */
  links?(host: LinkHost, port: LinkPort): Link[];
  /** The kernel's VXLAN device that is a port of the bridge. */
  readonly device?: (vni: number) => string;
  /** The bridges that it adds. @default none */
  readonly bridges?: (vni: number) => string[];
}
