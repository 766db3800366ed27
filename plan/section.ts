/** What a section of the topology (section-types.ts) must implement: the phases of a plan, and its outputs, names and preview texts. */
import type { Words } from "./change";
import type { Findings } from "./findings";
import type { LabPlan } from "./lab-plan";
import type { Problem } from "./problem";
import type { ResolvedLab } from "./resolved";
import type { Claim } from "./rules";
import type { SectionFacts, SectionForms, SectionName, SectionPlans, SectionStep } from "./section-types";
import type { Topology } from "./settings";

/** What reading a section gets. */
export type ReadGround = Pick<ResolvedLab, "hosts" | "peers" | "segments" | "containers">;

/** What planning a section gets: the lab without sections, and the sections before it. */
export type PlannedGround = Pick<LabPlan, "family" | "underlays" | "hosts" | "containers" | "services"> &
  Partial<SectionPlans>;

/** The name of a resource, made from a host's name and an entry's. */
export interface SectionResource {
  /** Class of the component (components/naming.ts, `token`). */
  type: string;
  /** Of the entry. */
  name: string;
  host: string;
}

export interface Section<Name extends SectionName> {
  /** The valid entries, sorted by name. Problems are reported. */
  resolve(topology: Topology, ground: ReadGround, said: Findings): SectionForms<Name>["resolved"];
  /** Problems between things that are valid each by itself. */
  check?(lab: ResolvedLab): Problem[];
  /** Sorted by name. */
  plan(lab: ResolvedLab, ground: PlannedGround): SectionForms<Name>["plans"];
  /** What readers of the stack output get. */
  facts(plan: SectionForms<Name>["plans"][number]): SectionFacts<Name>;
  /** Interfaces on hosts that are named after an entry. */
  interfaces?(lab: ResolvedLab): Claim[];
  /** Resources that are named after a host and an entry. */
  resources?(lab: ResolvedLab): SectionResource[];
  /** The steps of one on a host, in the order of boot. */
  steps?(one: SectionFacts<Name>, host: string): SectionStep<Name>[];
  /** Describes a change for a preview. */
  words: Words;
  /** A preview lists changes of this section before those of containers. @default after them */
  below?: boolean;
}
