/** .dependency-cruiser.cjs: what it must find, in a tree that breaks each of its rules once, and in one that keeps them. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { temporary } from "./lib/temporary";

const root = join(__dirname, "..");

/** Files by path, each with what it imports. */
function cruise(files: Record<string, string[]>): string[] {
  const tree = temporary("arrows");
  for (const [path, imports] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(
      join(tree, path),
      imports.map((from, i) => `import type { T as T${i} } from "${from}";\n`).join("") +
        "export type T = 1;\n",
    );
  }
  for (const name of [".dependency-cruiser.cjs", "tsconfig.json"])
    copyFileSync(join(root, name), join(tree, name));
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  const depcruise = join(root, "node_modules/.bin/depcruise");
  const { stdout } = spawnSync(
    depcruise,
    ["--config", ".dependency-cruiser.cjs", "--output-type", "json", "."],
    { cwd: tree, encoding: "utf8" },
  );
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  return summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`).sort();
}

const things = {
  "plan/rules.ts": [],
  "components/naming.ts": ["@pulumi/pulumi"],
  "components/port/component.ts": ["@pulumi/pulumi", "./plan", "../naming", "../../guest/render"],
  "components/port/plan.ts": ["../../plan/rules"],
  "guest/render.ts": ["../components/port/plan"],
  "verify/runner.ts": ["../plan/rules", "../components/port/plan"],
  "cli/main.ts": ["../verify/runner", "../toolchain/index", "../system/run"],
  "toolchain/index.ts": ["./pieces", "../system/run"],
  "toolchain/pieces.ts": [],
  "system/run.ts": [],
};

/** Each breaks one rule. */
const broken: [string, string[], string][] = [
  ["plan/pulumi.ts", ["@pulumi/pulumi"], "pure-imports-pure"],
  ["components/port/check.ts", ["./component"], "pure-imports-pure"],
  ["verify/component.ts", ["../components/naming"], "declarations-are-for-stacks"],
  ["verify/process.ts", ["../system/run"], "folder-verify"],
  ["cli/inside.ts", ["../toolchain/pieces"], "folder-cli"],
  ["system/project.ts", ["../plan/rules"], "folder-system"],
  ["components/port/more.component.ts", ["../../cli/main"], "folder-components"],
  ["plan/circle.ts", ["./circle"], "no-circles"],
];

it("a tree that keeps the rules passes", () => {
  expect(cruise(things)).toEqual([]);
});

it("each rule that is broken is named, with the file", () => {
  const found = cruise({
    ...things,
    ...Object.fromEntries(broken.map(([path, imports]) => [path, imports])),
  });
  expect(found).toEqual(broken.map(([path, , rule]) => `${path}: ${rule}`).sort());
});
