import type { Section } from "../../plan/section";
import { checkImpairments } from "./check";
import { impairmentInterfaces, impairmentResources } from "./names";
import { planImpairments } from "./plan";
import { resolveImpairments } from "./resolve";
import { impairmentWords } from "./words";

/** The section `impairments` of a topology. */
export const impairments: Section<"impairments"> = {
  resolve: resolveImpairments,
  check: checkImpairments,
  plan: planImpairments,
  facts: (impairment) => impairment,
  interfaces: impairmentInterfaces,
  resources: impairmentResources,
  steps: ({ name, places }, host) =>
    places.some((place) => place.host === host) ? [{ kind: "impairment", key: name }] : [],
  words: impairmentWords,
};
