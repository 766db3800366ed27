// Package managers: selects one, installs with it, lists what is installed.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type * as pb from "@pulumi/pulumi/proto/language_pb";
import { execute, send } from "./installer";
import type { InstallCall } from "./installer";
import { manifestIn, searchUp } from "./modules";
import { optionsOf } from "./options";
import type { PackageManager } from "./options";

export async function installDependencies(
  q: pb.InstallDependenciesRequest,
  call: InstallCall,
  signal: AbortSignal,
): Promise<void> {
  const out = (data: Buffer): void => send(call, (r) => r.setStdout(data));
  const dir = q.getInfo()?.getProgramDirectory() ?? "";
  out(Buffer.from("Installing dependencies...\n\n"));
  const root = workspaceRoot(dir);
  if (root !== undefined) out(Buffer.from(`Detected workspace root at ${root}\n`));
  const manager = packageManager(q.getInfo(), root ?? dir);
  const args = installArguments(manager, q.getIsPlugin());
  await execute([manager, ...args], root ?? dir, call, signal);
  if (searchUp(root ?? dir, "node_modules") === undefined) {
    throw new Error(`${manager} install reported success, but node_modules directory is missing`);
  }
  out(Buffer.from("Finished installing dependencies\n\n"));
}

/** The nearest ancestor whose package.json lists `dir` in its workspaces. */
function workspaceRoot(dir: string): string | undefined {
  const above = searchUp(dirname(dir), "package.json");
  if (above === undefined) return undefined;
  const root = dirname(above);
  const { workspaces } = (manifestIn(root) ?? {}) as { workspaces?: string[] | { packages?: string[] } };
  const globs = Array.isArray(workspaces) ? workspaces : (workspaces?.packages ?? []);
  const relative = dir.slice(root.length + 1);
  const fits = (glob: string): boolean =>
    new RegExp(
      `^${glob
        .replace(/^\.\/|\/$/g, "")
        .replace(/[.+^$()|[\]\\]/g, "\\$&")
        .replace(/\*+/g, (s) => (s === "*" ? "[^/]*" : ".*"))}$`,
    ).test(relative);
  return globs.some(fits) ? root : workspaceRoot(root);
}

function installArguments(manager: PackageManager, production: boolean): string[] {
  // hides warnings about missing description and license fields
  const quiet = manager === "npm" ? ["--loglevel=error"] : [];
  const only = { npm: ["--production"], yarn: ["--production"], pnpm: ["--prod"], bun: ["--production"] };
  return ["install", ...quiet, ...(production ? only[manager] : [])];
}

/** The one in the options, else the lock file's if it is installed, else npm. */
export function packageManager(info: pb.ProgramInfo | undefined, dir: string): PackageManager {
  const wanted = optionsOf(info).packagemanager;
  const locks: [PackageManager, boolean][] = [
    ["yarn", /^(1|true)$/i.test(process.env.PULUMI_PREFER_YARN ?? "") || has(dir, "yarn.lock")],
    ["pnpm", has(dir, "pnpm-lock.yaml")],
    ["bun", has(dir, "bun.lock") || has(dir, "bun.lockb")],
  ];
  const auto = locks.find(([name, locked]) => locked && onPath(name) !== undefined)?.[0] ?? "npm";
  const manager = wanted === "auto" ? auto : wanted;
  if (onPath(manager) === undefined) {
    throw new Error(
      `Could not find \`${manager}\` executable.\nInstall ${manager} and make sure it is in your PATH.`,
    );
  }
  return manager;
}

function has(dir: string, file: string): boolean {
  return searchUp(dir, file) !== undefined;
}

export function onPath(program: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((d) => join(d, program))
    .find(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The engine asks first in every preview and up. To run npm takes 0.4 s, so this reads npm's package.json.
 */
export function versionOf(manager: PackageManager): string {
  const program = onPath(manager);
  const folder = program === undefined ? undefined : searchUp(dirname(realpathSync(program)), "package.json");
  const own = folder === undefined ? undefined : manifestIn(dirname(folder));
  if (own?.name === manager && typeof own.version === "string") return own.version;
  return spawnSync(manager, ["--version"], { encoding: "utf8", timeout: 10_000 }).stdout.trim();
}

interface Lock {
  packages?: { [path: string]: { version?: string; link?: boolean } };
}

/** Reads npm's lock file only. */
export function dependencies(dir: string, transitive: boolean): { name: string; version: string }[] {
  const path = searchUp(dir, "package-lock.json");
  if (path === undefined) throw new Error(`no package-lock.json found (searching upwards from ${dir})`);
  const lock = JSON.parse(readFileSync(path, "utf8")) as Lock;
  const manifest = (manifestIn(dirname(path)) ?? {}) as {
    [list: string]: { [name: string]: string } | undefined;
  };
  const direct = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
  const all = Object.entries(lock.packages ?? {}).flatMap(([at, { version }]) => {
    const name = at.split("node_modules/").pop() ?? "";
    const nested = at.indexOf("node_modules/") !== at.lastIndexOf("node_modules/");
    return at.startsWith("node_modules/") && version !== undefined ? [{ name, version, nested }] : [];
  });
  const chosen = transitive ? all : all.filter((d) => !d.nested && direct.has(d.name));
  return chosen.map(({ name, version }) => ({ name, version }));
}
