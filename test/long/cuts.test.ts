/** Commands that are cut off, as in test/lab/failures.test.ts: a hundred times, and others every time. */
import { afterAll, beforeAll, describe } from "vitest";
import { cutOff } from "../lib/cuts";
import { Project } from "../lib/project";

const COUNT = Number(process.env["VXLAB_CUTS"] ?? 100);
const SEED = Number(process.env["VXLAB_SEED"] ?? Date.now() % 1_000_000);

let project: Project;

beforeAll(async () => {
  project = await Project.create("cuts");
});

afterAll(() => project?.destroy());

describe("a command that is cut off", () => cutOff(() => project, COUNT, SEED));
