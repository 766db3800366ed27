// Finds a program's Pulumi SDK, and the installed packages that need plugins.
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

interface PulumiSection {
  resource?: boolean;
  name?: string;
  version?: string;
  server?: string;
  parameterization?: { name: string; version: string; value: string };
}

export interface Manifest {
  name?: string;
  version?: string;
  pulumi?: PulumiSection;
}

/** Resolves a module as the program would. (The vendor's host starts a Node.js process for it.) */
export function locateModule(name: string, programDir: string, isPlugin: boolean): string {
  try {
    return createRequire(join(programDir, "program.js")).resolve(name);
  } catch {
    const cure = isPlugin ? `npm install in ${programDir}` : "pulumi install";
    throw new Error(`It looks like the Pulumi SDK has not been installed. Have you run ${cure}?`);
  }
}

/**
 * Every package in node_modules, nested ones included, whose package.json mentions Pulumi. The vendor's host walks the whole
 * project folder; this one walks node_modules only, because a project may hold gigabytes of images.
 *
 * Every run checks hundreds of packages, so it opens no missing file and parses only a package.json with the word.
 */
export function* installed(dir: string, seen = new Set<string>()): Generator<Manifest> {
  for (const path of packagesIn(join(dir, "node_modules"))) {
    const real = resolved(path);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    const files = names(real);
    const text = files.includes("package.json") ? textIn(real) : "";
    const manifest = text.includes('"pulumi"') ? parsed(text) : undefined;
    if (manifest) yield manifest;
    if (files.includes("node_modules")) yield* installed(real, seen);
  }
}

function packagesIn(modules: string): string[] {
  return names(modules).flatMap((name) => {
    if (name.startsWith(".")) return [];
    if (name.startsWith("@")) return names(join(modules, name)).map((n) => join(modules, name, n));
    return [join(modules, name)];
  });
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // a dangling link
  }
}

export function manifestIn(dir: string): Manifest | undefined {
  return parsed(textIn(dir));
}

/** Empty if it cannot be read. */
function textIn(dir: string): string {
  try {
    return readFileSync(join(dir, "package.json"), "utf8");
  } catch {
    return "";
  }
}

function parsed(text: string): Manifest | undefined {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    return undefined;
  }
}

export interface PluginNeed {
  name: string;
  version: string;
  server: string;
  parameterization: { name: string; version: string; value: Uint8Array } | undefined;
}

/** The plugin that a package needs, undefined if it needs none. */
export function pluginOf(manifest: Manifest): PluginNeed | undefined {
  const { pulumi } = manifest;
  if (pulumi?.resource !== true) return undefined;
  const scoped = manifest.name?.startsWith("@pulumi/") ? manifest.name.slice("@pulumi/".length) : undefined;
  const name = pulumi.name ?? scoped;
  const version = pulumi.version ?? manifest.version;
  if (!name || !version) return undefined;
  const p = pulumi.parameterization;
  return {
    name,
    version: version.startsWith("v") ? version : `v${version}`,
    server: pulumi.server ?? "",
    parameterization: p && { name: p.name, version: p.version, value: Buffer.from(p.value, "base64") },
  };
}

/** The path of `name` in `dir` or its nearest ancestor. */
export function searchUp(dir: string, name: string): string | undefined {
  for (let at = dir; ; at = join(at, "..")) {
    const path = join(at, name);
    if (statSync(path, { throwIfNoEntry: false })) return path;
    if (join(at, "..") === at) return undefined;
  }
}
