/** Which components belong to a lab. */
import type { GroundParts, LabHost } from "./parts";
import { noSections } from "./sections";
import type { SectionParts } from "./sections";

/** Everything on the hosts of a lab, by name. */
export type OnHosts = GroundParts & SectionParts;

/** Everything in a lab, by name. */
export type LabParts = OnHosts & { hosts: Record<string, LabHost> };

/** Not fields of the components: each field is an output in every language, and a component cannot be one. */
const known = new WeakMap<object, LabParts>();

export function setParts(lab: object, parts: LabParts): void {
  known.set(lab, parts);
}

export function partsOf(lab: object): LabParts {
  return known.get(lab) ?? { hosts: {}, bridges: {}, segments: {}, containers: {}, ...noSections() };
}
