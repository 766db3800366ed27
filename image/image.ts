/** The files of a guest image, where Pulumi runs. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync } from "node:fs";
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";

export interface ImageFiles {
  /** Names the content. */
  version: string;
  root: string;
  kernel?: string;
  initrd?: string;
  cmdline?: string;
}

/** Where images are kept: `$VXLAB_CACHE/image`, else `$XDG_CACHE_HOME/vxlab/image`, else `~/.cache/vxlab/image`. */
export function imageCache(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(environment["VXLAB_CACHE"] || join(home, "vxlab"), "image");
}

/** The folder of the recipes. In the npm package this file is compiled to dist/image, and the recipes are in image. */
const RECIPES = basename(dirname(__dirname)) === "dist" ? join(__dirname, "..", "..", "image") : __dirname;

/** The scripts that build our own images: the plain one, and the one with Docker. */
export const BUILDERS = { golden: "build.sh", docker: "docker.sh" } as const;

/**
 * One of our own images. Its files' names are known before they are there, so that a preview needs no build.
 *
 * @param build make it when it is missing: takes minutes, needs root; progress goes to stderr
 */
export function ownImage(kind: keyof typeof BUILDERS, cache: string, build: boolean): ImageFiles {
  const script = join(RECIPES, BUILDERS[kind]);
  const files = parse(printed(script, cache));
  if (!build || existsSync(files.root)) return files;
  if (process.getuid?.() !== 0) throw new Error(onlyRoot(kind, cache));
  const env = builderEnvironment(process.env);
  const made = spawnSync(script, [cache], { env, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (made.status !== 0)
    throw new Error(`image/${BUILDERS[kind]} ended with status ${made.status}: its last lines say why`);
  return parse(made.stdout);
}

/**
 * PATH with the sbin folders, where mke2fs is; root's shell may lack them. The scripts do not set it themselves, since a change of a script
 * changes the image's hash.
 */
export function builderEnvironment(environment: Environment): Record<string, string | undefined> {
  const folders = [environment["PATH"], "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return { ...environment, PATH: folders.filter(Boolean).join(delimiter) };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The error for users other than root. The user makes the folder: the toolchain beside it could not use a folder of root's. */
export function onlyRoot(kind: keyof typeof BUILDERS, cache: string): string {
  const script = join(RECIPES, BUILDERS[kind]);
  return (
    `only root can build the guest image, and ${cache} has none of this recipe: ` +
    "build it once, or give one with vxlab:image.path (docs/images.md)\n" +
    `  mkdir -p ${cache} && sudo ${script} ${cache}`
  );
}

/**
 * The output of the script with `--print`, for which it runs a dozen programs. It is cached until a file of the recipes changes, or the
 * cache's folder, whose real path is in the output.
 */
function printed(script: string, cache: string): string {
  const kept = join(cache, `${basename(script, ".sh")}.printed`);
  const here = existsSync(cache) ? stamp(RECIPES, realpathSync(cache)) : undefined;
  const [of, line] = existsSync(kept) ? readFileSync(kept, "utf8").split("\n") : [];
  if (of === here && line !== undefined) return line;
  const now = execFileSync(script, ["--print", cache], { encoding: "utf8" }).trim();
  if (here !== undefined) keep(kept, `${here}\n${now}`);
  return now;
}

/** Writes the file atomically. If it cannot be written, the script runs again next time. */
function keep(file: string, text: string): void {
  const part = `${file}.${process.pid}`;
  try {
    writeFileSync(part, text);
    renameSync(part, file);
  } catch {
    rmSync(part, { force: true });
  }
}

/** The cache's folder, and path, size, time and mode of every file. Links are not followed, since an editor's lock is a dangling link. */
function stamp(folder: string, cache: string): string {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const facts = paths.map((path) => {
    const { size, mtimeMs, mode } = lstatSync(join(folder, path));
    return `${path} ${size} ${mtimeMs} ${mode}`;
  });
  return createHash("sha256")
    .update([folder, cache, ...facts].join("\n"))
    .digest("hex");
}

/** An image of ours that was kept: its folder is as build.sh made it, and its name contains the recipe's hash. */
export function keptImage(path: string): ImageFiles {
  const folder = dirname(resolve(path));
  const hash = /^golden-([0-9a-f]+)$/.exec(basename(folder))?.[1];
  return {
    ...cloudImage(path),
    ...(hash === undefined ? {} : { version: hash }),
    kernel: join(folder, "vmlinuz"),
    initrd: join(folder, "initrd.img"),
    cmdline: readFileSync(join(folder, "cmdline"), "utf8").trim(),
  };
}

/** The user's own disk image: its size and time identify its content. */
export function cloudImage(path: string): ImageFiles {
  const { size, mtimeMs } = statSync(path);
  return { version: `${size.toString(36)}-${Math.floor(mtimeMs / 1000).toString(36)}`, root: resolve(path) };
}

function parse(line: string): ImageFiles {
  const { hash, root, kernel, initrd, cmdline } = JSON.parse(line) as Record<string, string>;
  if (hash === undefined || root === undefined) throw new Error(`image/build.sh printed no image: ${line}`);
  return { version: hash, root, kernel, initrd, cmdline };
}
