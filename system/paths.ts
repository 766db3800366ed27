/** Paths of one checkout. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Paths {
  /** The project's folder, symbolic links resolved. */
  root: string;
  /** Identifies this checkout on the machine: network namespace `vxlab-<id>`, sockets in `/run/vxlab/<id>`. */
  id: string;
  /** `.vxlab/`: what belongs to this checkout only. */
  dot: string;
  /** What a user's checkouts share: built tools, guest images. `$VXLAB_CACHE`, else what was used last here, else the default. */
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
  return {
    root,
    id: createHash("sha256").update(root).digest("hex").slice(0, 8),
    dot,
    cache: environment["VXLAB_CACHE"] || rememberedCache(dot) || defaultCache(environment),
    pulumiHome: join(dot, "pulumi-home"),
    state: join(dot, "state"),
    passphrase: join(dot, "passphrase"),
    logs: join(dot, "log"),
  };
}

function defaultCache(environment: Environment): string {
  return join(environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache"), "vxlab");
}

/** toolchain/pulumi.sh reads it too. */
const cacheRecord = (dot: string): string => join(dot, "cache");

/** The cache that this checkout's tools are in, if it was given by a variable and is still there. */
function rememberedCache(dot: string): string | undefined {
  try {
    const cache = readFileSync(cacheRecord(dot), "utf8").trimEnd();
    return existsSync(cache) ? cache : undefined;
  } catch {
    return undefined;
  }
}

/** Lets a later command find this cache without the variable. */
export function rememberCache({ dot, cache }: Paths, environment: Environment): void {
  if (cache === join(environment["HOME"] || homedir(), ".cache", "vxlab"))
    return rmSync(cacheRecord(dot), { force: true });
  mkdirSync(dot, { recursive: true });
  writeFileSync(cacheRecord(dot), `${cache}\n`);
}

/** Where the embedded libvirt of a checkout is (toolchain/embedded.sh). @param id of the checkout */
export const embeddedPlaces = (id: string) => ({
  namespace: `vxlab-${id}`,
  /** The namespace is there while this is. */
  netns: `/run/netns/vxlab-${id}`,
  /** Its sockets. */
  run: `/run/vxlab/${id}`,
});

export const embeddedScript = (paths: Paths): string => join(paths.root, "toolchain", "embedded.sh");
export const libvirtScript = (paths: Paths): string => join(paths.root, "toolchain", "libvirt.sh");
export const leashScript = (paths: Paths): string => join(paths.root, "system", "leash.sh");
export const pulumiWrapper = (paths: Paths): string => join(paths.dot, "bin", "pulumi");
