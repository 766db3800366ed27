// What ./vxlab does before node has a program to run.
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../toolchain/process";
import { temporary } from "../lib/temporary";

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
