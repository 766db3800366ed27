/** Debian's packages, unpacked and not installed: these would start a service on this machine. */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must, run } from "../../system/process";

/**
 * Fetched once, then in the cache.
 *
 * @param program what is to be there
 * @returns the folder that stands for the root
 */
export async function unpacked(
  folder: string,
  program: string,
  packages: readonly string[],
): Promise<string> {
  if (existsSync(join(folder, program))) return folder;
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const download = { cwd: fresh, timeout: 300 };
  if ((await run("apt-get", ["download", ...packages], download)).code !== 0) {
    await must("apt-get", ["update", "-q"], download);
    await must("apt-get", ["download", ...packages], download);
  }
  for (const name of readdirSync(fresh).filter((one) => one.endsWith(".deb")))
    await must("dpkg-deb", ["-x", join(fresh, name), fresh], download);
  rmSync(folder, { recursive: true, force: true });
  await must("mv", [fresh, folder]);
  return folder;
}
