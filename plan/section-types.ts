/**
 * The sections of a topology that connect things of other sections, such as chains of containers: their types by name. plan/sections.ts
 * says what each does. A new section is a line in each interface here.
 */
import type { ChainOutput, ChainPlan } from "../components/chain/planned";
import type { ResolvedChain } from "../components/chain/resolved";
import type { CheckFacts, CheckPlan } from "../components/connectivity/planned";
import type { ResolvedCheck } from "../components/connectivity/resolved";
import type { ImpairmentPlan } from "../components/impairment/planned";
import type { ResolvedImpairment } from "../components/impairment/resolved";

export type * from "../components/chain/planned";
export type * from "../components/connectivity/planned";
export type * from "../components/impairment/planned";

/** The types of one entry: resolved, planned, published, and the kind of its steps on hosts. */
interface SectionTypes {
  impairments: {
    resolved: ResolvedImpairment;
    plan: ImpairmentPlan;
    facts: ImpairmentPlan;
    step: "impairment";
  };
  checks: { resolved: ResolvedCheck; plan: CheckPlan; facts: CheckFacts; step: never };
  chains: { resolved: ResolvedChain; plan: ChainPlan; facts: ChainPlan; step: "chain" };
}

/**
 * The published entries in the stack output `lab`, by name; absent without any. Written out, since the schema for other languages has no
 * mapped types.
 */
export interface PublishedSections {
  /** What the network does wrong on purpose. */
  impairments?: Record<string, ImpairmentPlan>;
  /** What containers must reach, or must not. */
  checks?: Record<string, CheckFacts>;
  /** Service chains. */
  chains?: Record<string, ChainOutput>;
}

export type SectionName = keyof SectionTypes;

/** One entry, as a reader of the lab gets it. */
export type SectionFacts<Name extends SectionName> = SectionTypes[Name]["facts"];

/** A step that a section has on a host. */
export interface SectionStep<Name extends SectionName = SectionName> {
  kind: SectionTypes[Name]["step"];
  /** Distinguishes it from others of its kind on the host. */
  key: string;
}

/** All entries of a section. */
export interface SectionForms<Name extends SectionName> {
  /** Sorted by name. */
  resolved: readonly SectionTypes[Name]["resolved"][];
  /** Sorted by name. */
  plans: SectionTypes[Name]["plan"][];
  /** Sorted by name. */
  listed: SectionFacts<Name>[];
  keyed: Record<string, SectionFacts<Name>>;
}

export type Form = keyof SectionForms<SectionName>;

/** Every section in one form. */
export type InForm<F extends Form> = { [Name in SectionName]: SectionForms<Name>[F] };

export type ResolvedSections = Readonly<InForm<"resolved">>;

export type SectionPlans = InForm<"plans">;

/** Absent without any. */
export type ListedSections = Partial<InForm<"listed">>;
