/** Declares the sections of a topology. A new section is a line here. */
import * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../plan/lab-plan";
import type { SectionName } from "../../plan/section-types";
import { chains } from "../chain/section.component";
import { checks } from "../connectivity/section.component";
import { impairments } from "../impairment/section.component";
import type { ByName, DeclaredGround, DeclaredSection } from "./section";

/** In the order of declaration. */
const ALL = { impairments, chains, checks };

/** The components of each section. */
export type SectionParts = { [Name in SectionName]: ReturnType<(typeof ALL)[Name]["declare"]> };

const SECTIONS: { readonly [Name in SectionName]: DeclaredSection<SectionParts[Name]> } = ALL;

const NAMES = Object.keys(SECTIONS) as readonly SectionName[];

export const noSections = (): SectionParts =>
  Object.fromEntries(NAMES.map((name) => [name, {}])) as SectionParts;

/** @param containers declares the chosen containers that are not declared yet, with what each waits for */
export function declareSections(
  name: string,
  plan: LabPlan,
  ground: Omit<DeclaredGround, "sections">,
  containers: (
    isMeant: (container: string) => boolean,
    awaited: (container: string) => pulumi.Resource[],
  ) => void,
): SectionParts {
  const parts = noSections();
  const awaited = (container: string) => NAMES.flatMap((one) => awaitedOf(one, plan, parts, container));
  for (const one of NAMES) {
    containers(SECTIONS[one].follows(plan), awaited);
    declare(one, name, plan, { ...ground, sections: resourcesOf(parts) }, parts);
  }
  containers(() => true, awaited);
  return parts;
}

function resourcesOf(parts: SectionParts): pulumi.Resource[] {
  const all = NAMES.flatMap((one) => Object.values<ByName[string]>(parts[one]));
  return all.flatMap((one) => (pulumi.Resource.isInstance(one) ? [one] : Object.values(one)));
}

function declare<Name extends SectionName>(
  section: Name,
  name: string,
  plan: LabPlan,
  ground: DeclaredGround,
  parts: SectionParts,
): void {
  parts[section] = SECTIONS[section].declare(name, plan, ground);
}

function awaitedOf<Name extends SectionName>(
  section: Name,
  plan: LabPlan,
  parts: SectionParts,
  container: string,
): pulumi.Resource[] {
  return SECTIONS[section].awaited?.(plan, parts[section], container) ?? [];
}

/** A value that is known once all checks of the sections have passed. */
export function afterSections<T>(value: pulumi.Output<T>, parts: SectionParts): pulumi.Output<T> {
  const proofs = NAMES.flatMap((one) => provedOf(one, parts));
  return proofs.length === 0 ? value : pulumi.all([value, pulumi.all(proofs)]).apply(([known]) => known as T);
}

function provedOf<Name extends SectionName>(section: Name, parts: SectionParts): pulumi.Output<unknown>[] {
  return SECTIONS[section].proved?.(parts[section]) ?? [];
}
