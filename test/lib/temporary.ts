/** Temporary folders, deleted after the tests of the file that made them (test/lib/set-up.ts). */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let made: string[] = [];

export function deleteTemporary(): void {
  made.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
  made = [];
}

/** A new folder vxlab-NAME-…, by its real path. */
export function temporary(name: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `vxlab-${name}-`)));
  made.push(folder);
  return folder;
}
