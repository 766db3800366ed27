/**
 * A lab whose settings have been read: defaults filled in, addresses as numbers, names as what they name. Every list is sorted by
 * name. `resolve` makes it, checks and planners take it.
 *
 * A thing with an unusable value that no default replaces is left out, as are the things that need it. Each problem has been reported, and
 * such a lab is never planned.
 */
import type { ImageKind } from "../components/image/spec";
import type { Subnet } from "./addresses";
import type {
  ResolvedEvpn,
  Speaker,
  Remote,
  Underlays,
  ResolvedHost,
  ResolvedSegment,
} from "./resolved-ground";
import type { ResolvedContainer } from "./resolved-workload";
import type { ResolvedSections } from "./section-types";

export type * from "./resolved-ground";
export type * from "./resolved-workload";

/** All of it. */
export interface ResolvedLab extends ResolvedSections {
  /** Stays the same for the lab's whole life: MAC addresses are computed from it. */
  identity: string;
  /** The hypervisor of underlays that name none. */
  libvirtUri?: string;
  underlays: Underlays;
  image: { kind: ImageKind; path?: string };
  hosts: readonly ResolvedHost[];
  segments: readonly ResolvedSegment[];
  containers: readonly ResolvedContainer[];
  /** Of the segments that flood by EVPN. */
  evpn: ResolvedEvpn;
  /** Hosts of other owners, which take part in every segment without `hosts`. */
  peers: readonly Remote[];
  /** Underlay networks of other stacks, below an overlay's own hosts and its peers'. */
  networks: readonly Subnet[];
  /** Route reflectors of peers. */
  speakers: readonly Speaker[];
}
