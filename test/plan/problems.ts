/** Everything that is wrong with a lab, for tests. */
import { checkedLab, planLab } from "../../plan/plan";
import type { Problem } from "../../plan/types";

export function labProblems(topology: object, lab = "vxlab/dev", libvirtUri?: string): Problem[] {
  return checkedLab(topology, { lab, ...(libvirtUri === undefined ? {} : { libvirtUri }) }).problems;
}

/** What a lab without problems is warned of. */
export function labHints(topology: object): Problem[] {
  return planLab(topology, { lab: "vxlab/dev" }).hints;
}
