/** Temporary folders, deleted after the tests of the file that made them (test/lib/set-up.ts). */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alive } from "../../system/lockfile";

let made: string[] = [];

export function deleteTemporary(): void {
  made.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
  made = [];
}

/** A new folder vxlab-NAME-…, by its real path. */
export function temporary(name: string): string {
  const folder = realpathSync(mkdtempSync(join(ofProcess(join(tmpdir(), "vxlab-tests")), `vxlab-${name}-`)));
  made.push(folder);
  return folder;
}

/** This process's among those of all, which is made once. Then those of processes that were killed are deleted. */
export function ofProcess(all: string): string {
  const own = join(all, String(process.pid));
  if (mkdirSync(own, { recursive: true }) === undefined) return own;
  for (const pid of readdirSync(all)) {
    if (!alive(Number(pid))) rmSync(join(all, pid), { recursive: true, force: true });
  }
  return own;
}
