import type { Section } from "../../plan/section";
import { factsOf, planChecks } from "./plan";
import { resolveChecks } from "./resolve";
import { connectivityWords } from "./words";

/** The section `checks` of a topology. */
export const checks: Section<"checks"> = {
  resolve: resolveChecks,
  plan: planChecks,
  facts: factsOf,
  words: connectivityWords,
};
