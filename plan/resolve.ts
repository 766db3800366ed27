/** The first phase of a plan: settings of any form in, a lab with usable values and all problems out. */
import { resolveContainers } from "../components/container/resolve";
import { resolveHosts } from "../components/host/resolve";
import { resolvePlace } from "../components/host/resolve-place";
import { resolveImage } from "../components/image/resolve";
import { resolveEvpn } from "../components/router/resolve";
import { resolveSegments } from "../components/segment/resolve";
import { checkUri, resolveUnderlays } from "../components/underlay/resolve";
import { Findings } from "./findings";
import { checkIdentity } from "./identity";
import type { Problem } from "./problem";
import type { ResolvedLab, ResolvedTunnel } from "./resolved";
import { ofSections } from "./sections";
import { SECTION_NAMES, SECTIONS, TOPOLOGY } from "./settings";
import type { Topology } from "./settings";
import { outsideOf, shaped } from "./shape";

/** The settings by section, of any form; a section left out is empty. */
export type Sections = Readonly<Partial<Record<keyof Topology, unknown>>>;

/**
 * Values that are not in the settings: what makes computed addresses differ from another lab's, and where the lab runs.
 *
 * @example
 * ```ts
 * const identity: LabIdentity = { lab: "organization/project/stack" };
 * ```
 */
export interface LabIdentity {
  /** A name that stays the same for the lab's whole life, such as `project/stack`. */
  lab: string;
  /** The hypervisor of underlays that name none. @default this machine is assumed */
  libvirtUri?: string;
}

/** What an overlay knows of other stacks. */
export type Others = Pick<ResolvedLab, "peers" | "networks" | "speakers"> & {
  /** Ends of the own hosts' encrypted tunnels, by host name. */
  tunnels?: ReadonlyMap<string, ResolvedTunnel>;
};

const NOBODY: Others = { peers: [], networks: [], speakers: [] };

export function resolve(
  raw: Sections,
  { lab, libvirtUri }: LabIdentity,
  { tunnels, ...others }: Others = NOBODY,
): { lab: ResolvedLab; problems: Problem[] } {
  const { topology, problems, broken } = readShape(raw);
  const said = new Findings();
  const underlays = resolveUnderlays(topology, said);
  const misplaced = resolvePlace(topology, underlays, said);
  said.add(checkUri("libvirtUri", libvirtUri));
  said.add(checkIdentity(lab));
  const image = resolveImage(topology.image, said);
  const hosts = resolveHosts(topology, { lab, underlays, misplaced, image: image.kind, tunnels }, said);
  const segments = resolveSegments(topology, { underlays, hosts }, said);
  const evpn = resolveEvpn(topology, { hosts, segments: segments.segments }, said);
  const containers = resolveContainers(topology, { lab, image: image.kind, segments }, said);
  const ground = { hosts, peers: others.peers, segments: segments.segments, containers };
  const sections = ofSections<"resolved">((section) => section.resolve(topology, ground, said));
  return {
    lab: {
      ...{
        identity: lab,
        underlays,
        image,
        hosts,
        segments: segments.segments,
        evpn,
        containers,
        ...sections,
        ...others,
      },
      ...(libvirtUri === undefined ? {} : { libvirtUri }),
    },
    problems: [...problems, ...outsideOf(broken, said.problems)],
  };
}

/** Sections that are left out if they are not written, so that the component of an older lab shows no change. */
const UNWRITTEN: readonly (keyof Topology)[] = ["underlays", "evpn", ...SECTION_NAMES];

/** The settings with known keys only, and with an empty mapping or list in place of values of another shape. */
export function readShape(raw: Sections): { topology: Topology; problems: Problem[]; broken: string[] } {
  const wanted = SECTIONS.filter((section) => !UNWRITTEN.includes(section) || raw[section] !== undefined);
  const given = Object.fromEntries(wanted.map((section) => [section, raw[section] ?? {}]));
  const { value, problems, broken } = shaped({ kind: "section", fields: TOPOLOGY, doc: "" }, given);
  // Values may still be anything: resolve reads them.
  return { topology: value as Topology, problems, broken };
}
