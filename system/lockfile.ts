/** A lock between processes: a file that names its owner's process, and that is stale once the process has ended. */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** True while a process with this id exists, whoever owns it. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** A pid can be reused, but not together with the process's start time (proc(5), stat). */
function identity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in parentheses, may hold spaces; later fields do not. starttime is field 22.
    return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return undefined;
  }
}

/** The owner's pid, undefined if nobody holds the lock. */
export function ownerOf(path: string): number | undefined {
  return living(contentOf(path));
}

/** Undefined if there is no lock. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function living(content: string | undefined): number | undefined {
  const pid = Number(content?.split(" ")[0]);
  return content !== undefined && identity(pid) === content ? pid : undefined;
}

/** Takes the lock and returns undefined, or returns the owner's pid. */
export function tryLock(path: string): number | undefined {
  mkdirSync(dirname(path), { recursive: true });
  // Written beside and then linked: a lock file that is still empty would look stale to another process.
  const whole = beside(path);
  writeFileSync(whole, identity(process.pid) ?? "");
  try {
    while (!linked(whole, path)) {
      const content = contentOf(path);
      const owner = living(content);
      if (owner !== undefined) return owner;
      if (content !== undefined) clearStale(path);
    }
    return undefined;
  } finally {
    rmSync(whole, { force: true });
  }
}

/**
 * Removes a stale lock. Another process may have removed it and taken the lock since it was read. So the file is renamed, read
 * again where no other process changes it, and put back if its owner is alive.
 */
function clearStale(path: string): void {
  const aside = beside(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (ownerOf(aside) !== undefined) linked(aside, path);
  rmSync(aside, { force: true });
}

/** Gives a file a second name atomically (link(2)). Returns false if the name exists. */
function linked(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Processes in several containers may share the folder, so a pid would not be unique. */
const beside = (path: string): string => `${path}.${randomUUID()}`;

export function unlock(path: string): void {
  if (ownerOf(path) === process.pid) rmSync(path, { force: true });
}

/** Holds the lock while `work` runs. Calls `waiting` once, with the owner's pid, if it has to wait. */
export async function withLock<T>(
  path: string,
  waiting: (pid: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  let owner = tryLock(path);
  if (owner !== undefined) waiting(owner);
  while (owner !== undefined) {
    await sleep(300);
    owner = tryLock(path);
  }
  try {
    return await work();
  } finally {
    unlock(path);
  }
}
