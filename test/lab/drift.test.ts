/**
 * What somebody changes by hand: `drift` names it, `preview` shows it, `up` repairs it and nothing else. Each kind of fault is made on
 * real machines, many at a time, and the other host's processes and ports must not notice.
 */
import { afterAll, beforeAll, describe, it } from "vitest";
import { OTHER, repairs, SETTINGS, settled, TUNNELS } from "../lib/drift-lab";
import { Guests } from "../lib/guests";
import { good, Project } from "../lib/project";

let project: Project;
let guests: Guests;
const lab = () => ({ project, guests });

beforeAll(async () => {
  project = await Project.create("drift");
  project.configure(SETTINGS);
  good(await project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
  guests = await Guests.of(project);
});

afterAll(async () => {
  await guests?.close();
  await project?.destroy();
});

describe("a lab that nobody touched", () => {
  it("has no drift, and its preview is clean", () => settled(lab()));
});

describe.each([
  ["kvm1", "kvm2", "tunnels", TUNNELS],
  ["kvm2", "kvm1", "another host", OTHER],
] as const)("on %s, while %s has its own: %s", (host, other, _, faults) => {
  it("every fault is named, repaired, and gone", () => repairs(lab(), [host, other], faults));
});
