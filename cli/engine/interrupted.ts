/** What an `up` that was killed leaves in the state: its lock, and operations that nobody saw the end of. */
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

/** A `pulumi up` that was killed leaves its lock; one that lives has it by right. */
export async function clearDeadLocks(context: Context, stack: string): Promise<void> {
  const locks = readLocks(context, stack);
  const living = locks.find((lock) => !isDead(lock));
  if (living !== undefined) {
    const who = `pid ${living.pid} on ${living.hostname}, since ${living.timestamp}`;
    throw new Fault(
      Exit.busy,
      `another pulumi works on the stack ${stack} (${who}): wait for it, or end it and run this again`,
    );
  }
  if (locks.length === 0) return;
  context.out.line(
    `the stack ${stack} is locked by a pulumi that is no more (pid ${locks[0]?.pid}): removing its lock`,
  );
  const { code, stderr } = await pulumi(context, ["cancel", "--yes", "--stack", stack]);
  if (code !== 0) throw new Fault(Exit.failed, `pulumi cancel:\n${stderr.trim()}`);
}

/** The file backend's locks of this checkout; another backend looks after its own. */
export function readLocks({ paths }: Pick<Context, "paths">, stack: string): Lock[] {
  const folder = join(paths.state, ".pulumi", "locks", "organization", projectName(paths.root), stack);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name), "utf8")) as Lock];
    } catch {
      return []; // gone in this moment, or cut off by a full disk: `pulumi` will tell
    }
  });
}

/** A pid may be somebody else's by now: only a Pulumi counts. */
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
 * Pulumi warns of such operations for ever after, and asks for a refresh by hand. Here each is safe to begin again: the
 * steps in the machines converge, and what libvirt has of a creation that was cut off is cleared away before the next
 * (components/libvirt/orphans.ts).
 */
export async function forgetPending(context: Context, stack: string): Promise<void> {
  const pending = (await deployment(context, stack))?.pending_operations ?? [];
  if (pending.length === 0) return;
  const names = pending.map(
    ({ type, resource }) => `${type} ${resource.urn.slice(resource.urn.lastIndexOf("::") + 2)}`,
  );
  context.out.line(`the last run was cut off while ${names.join(", ")}: beginning again`);
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
