/** A lab whose commands are cut off, run twice at once, or find a full disk: the same command again, and all is as it was to be. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cutOff, ONE_HOST } from "../lib/cuts";
import { good, Project } from "../lib/project";

/** VXLAB_CUTS and VXLAB_SEED make more of them, and others. `./vxlab test --long` makes a hundred. */
const COUNT = Number(process.env["VXLAB_CUTS"] ?? 10);
const SEED = Number(process.env["VXLAB_SEED"] ?? 1);

let project: Project;

beforeAll(async () => {
  project = await Project.create("interrupted");
});

afterAll(() => project?.destroy());

describe("a command that is cut off", () => cutOff(() => project, COUNT, SEED));

describe("two at once", () => {
  it("of ./vxlab up: the second is refused with code 4, and the first is not disturbed", async () => {
    project.configure(ONE_HOST);
    const first = project.vxlab(["up", "--no-verify"], { timeout: 600 });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const second = await project.vxlab(["up", "--no-verify"]);
    expect([second.code, second.stderr]).toEqual([
      4,
      expect.stringMatching(/another vxlab \(pid \d+\) is changing this lab/),
    ]);
    good(await first);
  });
});
