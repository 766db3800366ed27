/** Waits for machines that boot. */
import type { OpenLab } from "./lab";

/** Time limit of a machine's boot until all its things are applied, ms: for emulation on a busy machine. */
export const BOOT_MS = 300_000;
/** Time limit of a question, and the interval between two, ms. */
export const ASK_MS = 15_000;
export const POLL_MS = 500;

type Asked = Pick<OpenLab, "remote" | "ask">;

/** Waits until the host reports no drift. Returns false if it does not in time, or does not answer. */
export async function isComplete({ remote, ask }: Asked, host: string, limit: number): Promise<boolean> {
  while (ask.now() < limit) {
    const { code, stdout } = await remote.run(host, "/usr/lib/vxlab/guest drift", ASK_MS);
    if (code === 0 && stdout.trim() === "") return true;
    if (code === 255) return false;
    await ask.pause(POLL_MS);
  }
  return false;
}

/** Waits until these hosts answer and report no drift, at most as long as a boot may take. */
export async function booted(open: Asked, hosts: readonly string[]): Promise<void> {
  const { remote, ask } = open;
  const limit = ask.now() + BOOT_MS;
  await Promise.all(
    hosts.map(async (host) => {
      while (!(await isComplete(open, host, limit)) && ask.now() < limit) {
        remote.forget(host);
        await ask.pause(POLL_MS);
      }
    }),
  );
}
