/** Debian's sshd. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { unpacked } from "./unpacked";

export interface Sshd {
  program: string;
  env: Record<string, string>;
}

const INSTALLED = "/usr/sbin/sshd";
/** The second is in no minimal system, and the first needs it. */
const PACKAGES = ["openssh-server", "libwrap0"];

export async function sshd(cache: string): Promise<Sshd> {
  if (existsSync(INSTALLED)) return { program: INSTALLED, env: {} };
  const folder = await unpacked(join(cache, "test-sshd"), INSTALLED, PACKAGES);
  const libraries = ["usr/lib", "lib"].map((path) => join(folder, path, "x86_64-linux-gnu"));
  return { program: join(folder, INSTALLED), env: { LD_LIBRARY_PATH: libraries.join(":") } };
}
