/** Labs that each recorded version left on two hosts, updated by this one. test/lab/existing-host.test.ts does the oldest. */
import { afterAll, beforeAll } from "vitest";
import { Project } from "../lib/project";
import { upgraded } from "../lib/upgraded";
import type { Logins } from "../upgrade/labs";
import { office } from "../upgrade/office";
import { VERSIONS } from "../upgrade/versions";

let project: Project;
let logins: Logins;

beforeAll(async () => {
  project = await Project.create("upgrades");
  logins = await office(project);
});

afterAll(() => project?.destroy());

for (const version of Object.keys(VERSIONS))
  upgraded(version, { project: () => project, logins: () => logins });
