import type { Section } from "../../plan/section";
import { checkChains } from "./check";
import { planChains } from "./plan";
import { resolveChains } from "./resolve";
import { nextPart } from "./thing";
import { chainWords } from "./words";

/** The section `chains` of a topology. */
export const chains: Section<"chains"> = {
  resolve: resolveChains,
  check: checkChains,
  plan: planChains,
  facts: (chain) => chain,
  steps: ({ name, hops }, host) =>
    hops.some((hop) => hop.host === host)
      ? [name, nextPart(name)].map((key) => ({ kind: "chain", key }))
      : [],
  words: chainWords,
  below: true,
};
