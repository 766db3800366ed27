/** The release script: what it refuses, and a dry run of it with the committed state of this checkout. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findings, type Facts } from "../../toolchain/release/checks";
import { gather } from "../../toolchain/release/facts";
import { checkout, good, Project } from "../lib/project";

const ready: Facts = {
  version: "0.2.0",
  places: { "plugin/package.json": "0.2.0", "README.md: vxlab-0.2.0.tgz": "0.2.0" },
  changelog: "# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- one\n\n## 0.1.0 (2026-11-01)\n",
  changed: [],
  tags: ["v0.1.0"],
  recorded: ["0.1.0", "0.2.0"],
};

describe("a release", () => {
  it("finds nothing wrong with a project that is ready", () => expect(findings(ready)).toEqual([]));

  it.each<[string, Partial<Facts>, RegExp, boolean]>([
    ["another version elsewhere", { places: { "plugin/package.json": "0.1.0" } }, /^plugin.*0\.1\.0/, false],
    ["a CHANGELOG of another version", { changelog: "## 0.1.0 (2026-11-01)\n" }, /Add "## 0\.2\.0/, false],
    ["no CHANGELOG", { changelog: "" }, /first version is nothing/, false],
    ["a version without a date", { changelog: "## 0.2.0 (unreleased)\n" }, /Write the date/, true],
    ["a tree with changes", { changed: ["plan/plan.ts"] }, /plan\/plan\.ts/, true],
    ["a version that is not recorded", { recorded: ["0.1.0"] }, /record\.ts 0\.2\.0/, true],
    ["a tag that exists", { tags: ["v0.2.0"] }, /Raise the version/, true],
  ])("refuses %s", (_what, wrong, message, later) => {
    const found = findings({ ...ready, ...wrong });
    expect(found.map((one) => one.message)).toEqual([expect.stringMatching(message)]);
    expect(found[0]?.later ?? false).toBe(later);
  });

  it("looks at every place that has the version", async () => {
    const { places, version } = await gather(checkout);
    expect(Object.keys(places)).toEqual(
      expect.arrayContaining(["package-lock.json", `examples/lab/package.json: vxlab-${version}.tgz`]),
    );
  });
});

describe("npm run release -- --dry-run", () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.create("release");
    good(await project.vxlab(["pulumi", "version"]));
  });
  afterAll(() => project?.destroy());

  it("packs HEAD, and previews README's program with the archive", async () => {
    const tsx = join(checkout, "node_modules", ".bin", "tsx");
    const env = { VXLAB_PULUMI: join(project.paths.dot, "bin", "pulumi") };
    const script = join(checkout, "toolchain", "release", "index.ts");
    const text = good(await project.run(tsx, [script, "--dry-run"], { env, timeout: 500 }));
    expect(text).toMatch(/^vxlab-\d+\.\d+\.\d+\.tgz: \d+ kB; README's program: \+ 32 to create$/m);
  });
});
