/** Debian's sshd, unpacked and not installed: its package would start a service on this machine. */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must, run } from "../../toolchain/process";

export interface Sshd {
  program: string;
  env: Record<string, string>;
}

const INSTALLED = "/usr/sbin/sshd";
/** The second is in no minimal system, and the first needs it. */
const PACKAGES = ["openssh-server", "libwrap0"];

export async function sshd(cache: string): Promise<Sshd> {
  if (existsSync(INSTALLED)) return { program: INSTALLED, env: {} };
  const folder = join(cache, "test-sshd");
  if (!existsSync(join(folder, INSTALLED))) await unpack(folder);
  const libraries = ["usr/lib", "lib"].map((path) => join(folder, path, "x86_64-linux-gnu"));
  return { program: join(folder, INSTALLED), env: { LD_LIBRARY_PATH: libraries.join(":") } };
}

async function unpack(folder: string): Promise<void> {
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const download = { cwd: fresh, timeout: 300 };
  if ((await run("apt-get", ["download", ...PACKAGES], download)).code !== 0) {
    await must("apt-get", ["update", "-q"], download);
    await must("apt-get", ["download", ...PACKAGES], download);
  }
  for (const name of readdirSync(fresh).filter((one) => one.endsWith(".deb")))
    await must("dpkg-deb", ["-x", join(fresh, name), fresh], download);
  rmSync(folder, { recursive: true, force: true });
  await must("mv", [fresh, folder]);
}
