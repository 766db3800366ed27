/** What a killed run of the tests leaves is deleted by the next. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ofProcess, temporary } from "./temporary";

it("deletes the folders of processes that have ended, and no other", () => {
  const all = temporary("temporary");
  const { pid } = spawnSync("true");
  const [ended, living] = [String(pid), String(process.ppid)];
  for (const name of [ended, living]) {
    mkdirSync(join(all, name));
    writeFileSync(join(all, name, "file"), "");
  }
  const own = ofProcess(all);
  expect(existsSync(own)).toBe(true);
  expect(readdirSync(all).sort()).toEqual([living, String(process.pid)].sort());
  expect(existsSync(join(all, living, "file"))).toBe(true);
});
