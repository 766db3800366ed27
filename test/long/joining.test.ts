/** A host that joins two hundred others, through the real engine: minutes. Twelve: test/engine/joining.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { joining } from "../lib/joining";
import { good, Project } from "../lib/project";

let project: Project;

beforeAll(async () => {
  project = await Project.create("joining-long");
  // Sets the toolchain up out of the shared cache.
  good(await project.vxlab(["preview"]));
});

afterAll(() => project?.destroy());

describe("one host more than two hundred", () => {
  it("changes no resource of another with EVPN", async () => {
    const { created, others } = await joining(project, 200, "evpn");
    expect(others).toEqual([]);
    expect(created).toContain("create overlay-h201-evpn-step");
    expect(created.filter((step) => !step.includes("-h201-"))).toEqual([]);
  });

  it("changes the port of each by unicast: the control", async () => {
    const { others } = await joining(project, 200, "unicast");
    const ports = Array.from({ length: 200 }, (_, i) => `overlay-h${i + 1}-red`);
    expect(others).toEqual(ports.flatMap((port) => [`update ${port}`, `update ${port}-step`]).sort());
  });
});
