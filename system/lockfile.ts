/** One at a time, across processes: a file with the owner's pid, which a dead owner does not keep. */
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

/** A pid alone may be another process by now: with the time it started at it is one for good (proc(5), stat). */
function identity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in brackets, may hold blanks; what follows may not. starttime is field 22.
    return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return undefined;
  }
}

/** The pid of the living owner, or undefined. */
export function ownerOf(path: string): number | undefined {
  return living(contentOf(path));
}

/** Undefined when there is no lock. */
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

/** Takes the lock, or returns the pid of who has it. */
export function tryLock(path: string): number | undefined {
  mkdirSync(dirname(path), { recursive: true });
  // A file that is created at its place is empty at first, which whoever reads it then takes for a dead owner's.
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
 * Takes a dead owner's lock away. Since it was looked at, another may have done so and have the lock by now: what was taken is
 * looked at again, out of everybody's reach, and a living owner's is put back.
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

/** Gives a file a second name, in one step (link(2)); false when the name is taken. */
function linked(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Processes in several containers may share the folder: their ids alone would not tell them apart. */
const beside = (path: string): string => `${path}.${randomUUID()}`;

export function unlock(path: string): void {
  if (ownerOf(path) === process.pid) rmSync(path, { force: true });
}

/** Waits for the lock, holds it while `work` runs. `waiting` is called once, with the owner's pid. */
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
