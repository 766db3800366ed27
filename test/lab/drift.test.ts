/**
 * What somebody changes by hand: `drift` names it, `preview` shows it, `up` repairs it and nothing else. Each kind of fault is made on
 * real machines, many at a time, and the other host's processes and ports must not notice.
 */
import { describe, it } from "vitest";
import { BRIDGE, CONTAINERS, driftLab, OTHER, repairs, SERVICES, settled, TUNNELS } from "../lib/drift-lab";

const lab = driftLab("drift");

describe("a lab that nobody touched", () => {
  it("has no drift, and its preview is clean", () => settled(lab));
});

describe.each([
  ["kvm1", "kvm2", "tunnels and containers", [...TUNNELS, ...CONTAINERS]],
  ["kvm1", "kvm2", "the bridge and services", [...BRIDGE, ...SERVICES]],
  ["kvm2", "kvm1", "another host", OTHER],
] as const)("on %s, while %s has its own: %s", (host, other, _, faults) => {
  it("every fault is named, repaired, and gone", () => repairs(lab, [host, other], faults));
});
