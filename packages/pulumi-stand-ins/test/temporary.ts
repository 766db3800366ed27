/** Temporary folders, removed after the last test of the file. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];

// vitest runs `afterAll` hooks in reverse order: this one, registered at import, is the last.
afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export function temporary(name: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `stand-ins-${name}-`)));
  made.push(folder);
  return folder;
}
