/** Folders for what is not complete yet. They are in the cache, because rename(2) works within a file system only. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../../system/paths";

type Cache = Pick<Paths, "cache">;

const folderOf = (paths: Cache): string => join(paths.cache, "work");

/** Removes the folder afterwards. */
export async function inWorkFolder<T>(paths: Cache, work: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(folderOf(paths), { recursive: true });
  const folder = mkdtempSync(join(folderOf(paths), "part-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what a killed set-up has left. For the owner of the cache's lock. */
export function clearWork(paths: Cache): void {
  rmSync(folderOf(paths), { recursive: true, force: true });
}
