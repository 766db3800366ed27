/** What each section of section-types.ts does. A new section is a line here, another in components/lab/sections.component.ts. */
import { chains } from "../components/chain/section";
import { checks } from "../components/connectivity/section";
import { impairments } from "../components/impairment/section";
import type { Section } from "./section";
import type { Form, InForm, SectionForms, SectionName } from "./section-types";

/** In the order in which they are read and planned: checks run on all of it. */
const SECTIONS: { readonly [Name in SectionName]: Section<Name> } = { impairments, chains, checks };

const NAMES = Object.keys(SECTIONS) as readonly SectionName[];

type Make<F extends Form, T> = <Name extends SectionName>(
  section: Section<Name>,
  name: Name,
  before: Partial<InForm<F>>,
) => SectionForms<Name>[F] | T;

/** Every section in one form. @param make gets what it has returned for the sections before */
export function ofSections<F extends Form>(make: Make<F, never>): InForm<F> {
  // By now every name has an entry.
  return ofSome(make) as InForm<F>;
}

/** Only the sections for which `make` has returned something. */
export function ofSome<F extends Form>(make: Make<F, undefined>): Partial<InForm<F>> {
  return NAMES.reduce((before: Partial<InForm<F>>, name) => {
    const made = make(SECTIONS[name], name, before);
    return made === undefined ? before : { ...before, [name]: made };
  }, {});
}

/** The results of all sections in one list. */
export function acrossSections<T>(
  list: <Name extends SectionName>(section: Section<Name>, name: Name) => readonly T[] | undefined,
): T[] {
  return NAMES.flatMap((name) => list(SECTIONS[name], name) ?? []);
}
