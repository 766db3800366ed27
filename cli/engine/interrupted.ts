/** What a killed `up` leaves in the state: its lock, and pending operations. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { alive } from "../../system/lockfile";
import type { Context } from "../command";
import { pulumi } from "./engine";
import { Exit, Fault } from "../exit";
import { projectName } from "../settings/files";
import { deployment, type Deployment } from "../state/stack";

interface Lock {
  pid: number;
  hostname: string;
  timestamp: string;
}

/** Removes the lock of a `pulumi up` that was killed; refuses while its owner runs. */
export async function clearDeadLocks(context: Context, stack: string): Promise<void> {
  const locks = readLocks(context, stack);
  const living = locks.find((lock) => !isDead(lock));
  if (living !== undefined) {
    const who = `pid ${living.pid} on ${living.hostname}, since ${living.timestamp}`;
    throw new Fault(
      Exit.busy,
      `another Pulumi is working on stack ${stack} (${who}): wait for it, or end it and run this again`,
    );
  }
  if (locks.length === 0) return;
  context.out.line(
    `stack ${stack}: removing the lock of a Pulumi process that has ended (pid ${locks[0]?.pid})`,
  );
  const { code, stderr } = await pulumi(context, ["cancel", "--yes", "--stack", stack]);
  if (code !== 0) throw new Fault(Exit.failed, `pulumi cancel:\n${stderr.trim()}`);
}

/** The locks of this checkout's file backend. */
export function readLocks({ paths }: Pick<Context, "paths">, stack: string): Lock[] {
  const folder = join(paths.state, ".pulumi", "locks", "organization", projectName(paths.root), stack);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name), "utf8")) as Lock];
    } catch {
      return []; // just removed, or truncated by a full disk: `pulumi` will report that
    }
  });
}

/** The pid may have been reused: only a Pulumi counts. */
export function isDead(lock: Lock): boolean {
  if (lock.hostname !== hostname()) return false;
  if (!alive(lock.pid)) return true;
  try {
    return !readFileSync(`/proc/${lock.pid}/comm`, "utf8").startsWith("pulumi");
  } catch {
    return true;
  }
}

/**
 * Removes pending operations, about which Pulumi warns at every run. Each can be run again: the steps on hosts are
 * idempotent, and components/libvirt/orphans.ts removes what an interrupted create left in libvirt.
 */
export async function forgetPending(context: Context, stack: string): Promise<void> {
  const pending = (await deployment(context, stack))?.pending_operations ?? [];
  if (pending.length === 0) return;
  const names = pending.map(
    ({ type, resource }) => `${type} ${resource.urn.slice(resource.urn.lastIndexOf("::") + 2)}`,
  );
  context.out.line(`the last run was interrupted during ${names.join(", ")}: running these steps again`);
  const { code, stdout, stderr } = await pulumi(context, ["stack", "export", "--stack", stack]);
  if (code !== 0) throw new Fault(Exit.failed, `pulumi stack export:\n${stderr.trim()}`);
  const state = JSON.parse(stdout) as { deployment: Deployment };
  delete state.deployment.pending_operations;
  mkdirSync(context.paths.logs, { recursive: true });
  const file = join(context.paths.logs, "state.json");
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  const back = await pulumi(context, ["stack", "import", "--stack", stack, "--file", file]);
  rmSync(file, { force: true });
  if (back.code !== 0) throw new Fault(Exit.failed, `pulumi stack import:\n${back.stderr.trim()}`);
}
