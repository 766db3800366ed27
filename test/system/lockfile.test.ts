/** What two processes do to one lock in the same moment: the moment is made by what a look at the file lets happen. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ownerOf, tryLock, unlock } from "../../system/lockfile";
import { temporary } from "../lib/temporary";

/** Happens right after a file was read. */
const after: { read?: ((file: unknown) => void) | undefined } = {};

beforeEach(() => {
  const real = fs.readFileSync;
  vi.spyOn(fs, "readFileSync").mockImplementation((...args: Parameters<typeof real>) => {
    try {
      return real(...args);
    } finally {
      after.read?.(args[0]);
    }
  });
  vi.spyOn(fs, "writeFileSync");
  // The code under test imports these by name.
  syncBuiltinESMExports();
});

/** Nobody's: Linux gives out no pid above 2^22 (proc(5), pid_max). */
const DEAD = `${2 ** 22 + 1} 1`;

/** What a lock of the process that started this one has in it: another one, and alive. */
function othersLock(): string {
  const stat = fs.readFileSync(`/proc/${process.ppid}/stat`, "utf8");
  return `${process.ppid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
}

/** Once, when `path` has been read. */
function whenRead(path: string, work: () => void): void {
  after.read = (file) => {
    if (file !== path) return;
    after.read = undefined;
    work();
  };
}

let folder: string;
const lockIn = (name: string): string => join((folder = temporary(name)), "lock");

afterEach(() => {
  after.read = undefined;
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe("a dead owner's lock", () => {
  it("that another has taken since it was looked at is the other's", () => {
    const path = lockIn("stale");
    fs.writeFileSync(path, DEAD);
    whenRead(path, () => fs.writeFileSync(path, othersLock()));
    expect(tryLock(path)).toBe(process.ppid);
    expect(fs.readFileSync(path, "utf8")).toBe(othersLock());
    expect(fs.readdirSync(folder)).toEqual(["lock"]);
  });

  it("that another has taken away since is nobody's", () => {
    const path = lockIn("gone");
    fs.writeFileSync(path, DEAD);
    whenRead(path, () => fs.rmSync(path));
    expect(tryLock(path)).toBeUndefined();
    expect(ownerOf(path)).toBe(process.pid);
    expect(fs.readdirSync(folder)).toEqual(["lock"]);
  });
});

describe("a lock", () => {
  it("has its owner in it from the moment that it is there, and leaves nothing", () => {
    const path = lockIn("whole");
    expect(tryLock(path)).toBeUndefined();
    expect(tryLock(path)).toBe(process.pid);
    // A file that is written at its place is there before its content is.
    expect(vi.mocked(fs.writeFileSync).mock.calls.map(([file]) => file)).not.toContain(path);
    expect(fs.readdirSync(folder)).toEqual(["lock"]);
    unlock(path);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});
