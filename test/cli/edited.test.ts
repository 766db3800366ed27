import { mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { isEdited, noteDeployed } from "../../cli/engine/edited";
import { world, type World } from "./world";

let here: World;
/** After everything that was written so far. */
const deployed = new Date(Date.now() + 10_000);
const later = new Date(Date.now() + 20_000);

beforeEach(() => {
  here = world();
  here.write("Pulumi.yaml", "name: vxlab\n");
  mkdirSync(join(here.paths.root, "stacks"), { recursive: true });
  here.write("stacks/lab.ts", "");
  noteDeployed(here, "lab", deployed);
});

describe("since its last up a stack", () => {
  it("is not edited when nothing was touched", () => {
    expect(isEdited(here, "lab")).toBe(false);
  });

  it.each(["Pulumi.yaml", "Pulumi.lab.yaml", "stacks/lab.ts"])("is edited when %s was", (name) => {
    here.write(name, "\n");
    utimesSync(join(here.paths.root, name), later, later);
    expect(isEdited(here, "lab")).toBe(true);
  });

  it("is edited when a variable that the program reads differs, and not by another", () => {
    const environment = { ...here.environment, EDITOR: "vi" };
    expect(isEdited({ ...here, environment }, "lab")).toBe(false);
    expect(isEdited({ ...here, environment: { ...environment, VXLAB_ANY: "1" } }, "lab")).toBe(true);
  });

  it("counts as edited when it was never deployed from here", () => {
    expect(isEdited(here, "other")).toBe(true);
  });
});
