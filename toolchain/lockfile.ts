/** One at a time, across processes: a file with the owner's pid, which a dead owner does not keep. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** True while a process with this id exists, whoever owns it. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

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
  try {
    const text = readFileSync(path, "utf8");
    const pid = Number(text.split(" ")[0]);
    return identity(pid) === text ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the lock, or returns the pid of who has it. */
export function tryLock(path: string): number | undefined {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    try {
      writeFileSync(path, identity(process.pid) ?? "", { flag: "wx" });
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = ownerOf(path);
    if (owner !== undefined) return owner;
    rmSync(path, { force: true });
  }
}

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
