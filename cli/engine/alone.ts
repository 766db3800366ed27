/** One `up` or `down` at a time in a checkout. */
import { join } from "node:path";
import { tryLock, unlock } from "../../system/lockfile";
import type { Context } from "../command";
import { Exit, Fault } from "../exit";

export async function alone<T>(context: Context, what: string, work: () => Promise<T>): Promise<T> {
  const file = join(context.paths.dot, "change.lock");
  const owner = tryLock(file);
  if (owner !== undefined) {
    throw new Fault(
      Exit.busy,
      `another vxlab (pid ${owner}) is changing this lab: ${what} after it has ended`,
    );
  }
  try {
    return await work();
  } finally {
    unlock(file);
  }
}
