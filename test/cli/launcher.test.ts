// What ./vxlab does before node has a program to run.
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addLanguages } from "../../toolchain/languages";
import { run } from "../../system/process";
import { temporary } from "../lib/temporary";
import { world } from "./world";

const root = join(__dirname, "../..");

test("packages that somebody else's folder lends are not replaced", async () => {
  const folder = temporary("launcher");
  const [clone, lent] = [join(folder, "clone"), join(folder, "lent")];
  mkdirSync(clone);
  mkdirSync(join(lent, "theirs"), { recursive: true });
  cpSync(join(root, "vxlab"), join(clone, "vxlab"));
  writeFileSync(join(clone, "package.json"), "{}");
  writeFileSync(join(clone, "package-lock.json"), '{ "lockfileVersion": 3, "packages": {} }');
  symlinkSync(lent, join(clone, "node_modules"));
  const { code, stderr } = await run(join(clone, "vxlab"), ["doctor"]);
  expect([code, stderr]).toEqual([
    3,
    expect.stringContaining(`is a link to ${lent}, which npm ci would empty`),
  ]);
  expect(readdirSync(lent)).toEqual(["theirs"]);
});

test("who finds no Pulumi names the command that sets it up", async () => {
  const here = world();
  const cure = `run: ${here.paths.root}/vxlab env`;
  await expect(addLanguages(here.paths, here.environment, here.out)).rejects.toThrow(cure);
  // The link to the project's own folder would lead to the project's own Pulumi.
  rmSync(join(here.paths.root, "toolchain"));
  const script = join(here.paths.root, "toolchain", "pulumi.sh");
  cpSync(join(root, "toolchain/pulumi.sh"), script);
  const { code, stderr } = await run(script, ["version"]);
  expect([code, stderr]).toEqual([3, expect.stringContaining(cure)]);
});
