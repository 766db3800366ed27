/** Paths of one checkout. */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Paths {
  /** The project's folder, symbolic links resolved. */
  root: string;
  /** Identifies this checkout on the machine: network namespace `vxlab-<id>`, sockets in `/run/vxlab/<id>`. */
  id: string;
  /** `.vxlab/`: what belongs to this checkout only. */
  dot: string;
  /** What a user's checkouts share: built tools, guest images. `$VXLAB_CACHE` overrides it. */
  cache: string;
  pulumiHome: string;
  /** The file backend. */
  state: string;
  passphrase: string;
  logs: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function pathsOf(folder: string, environment: Environment): Paths {
  const root = realpathSync(folder);
  const dot = join(root, ".vxlab");
  const home = environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache");
  return {
    root,
    id: createHash("sha256").update(root).digest("hex").slice(0, 8),
    dot,
    cache: environment["VXLAB_CACHE"] || join(home, "vxlab"),
    pulumiHome: join(dot, "pulumi-home"),
    state: join(dot, "state"),
    passphrase: join(dot, "passphrase"),
    logs: join(dot, "log"),
  };
}

export const embeddedScript = (paths: Paths): string => join(paths.root, "toolchain", "embedded.sh");
export const libvirtScript = (paths: Paths): string => join(paths.root, "toolchain", "libvirt.sh");
export const leashScript = (paths: Paths): string => join(paths.root, "system", "leash.sh");
export const pulumiWrapper = (paths: Paths): string => join(paths.dot, "bin", "pulumi");
