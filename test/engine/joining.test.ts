/** A host that joins twelve others, through the real engine. Two hundred: test/long/joining.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { joining } from "../lib/joining";
import { good, Project } from "../lib/project";

let project: Project;

beforeAll(async () => {
  project = await Project.create("joining");
  // Sets the toolchain up out of the shared cache.
  good(await project.vxlab(["preview"]));
});

afterAll(() => project?.destroy());

describe("a thirteenth host", () => {
  it("changes no resource of another with EVPN", async () => {
    const { created, others } = await joining(project, 12, "evpn");
    expect(others).toEqual([]);
    expect(created).toContain("create overlay-h13-evpn-step");
    expect(created.filter((step) => !step.includes("-h13-"))).toEqual([]);
  });

  it("changes the port of each by unicast: the control", async () => {
    const { others } = await joining(project, 12, "unicast");
    const ports = Array.from({ length: 12 }, (_, i) => `overlay-h${i + 1}-red`);
    expect(others).toEqual(ports.flatMap((port) => [`update ${port}`, `update ${port}-step`]).sort());
  });
});
