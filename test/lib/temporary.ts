/** Temporary folders that go when the tests of the file that asked for them have ended. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];

// When this file is loaded, so before any hook of the test file's own: hooks of the end run in reverse, this one last.
afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A new folder vxlab-NAME-…, by its real path. */
export function temporary(name: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `vxlab-${name}-`)));
  made.push(folder);
  return folder;
}
