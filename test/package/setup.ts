/** Before the tests of this folder: packs the project, and installs the package in a program of its own elsewhere. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { must } from "../../system/process";
import { checkout } from "../lib/project";

declare module "vitest" {
  export interface ProvidedContext {
    /** Folder of a program that has the package, Pulumi and TypeScript installed. */
    app: string;
  }
}

interface Lock {
  packages: Record<string, { version: string }>;
}

export default async function setup({ provide }: TestProject): Promise<void> {
  const folder = join(checkout, ".vxlab", "test", "package-app");
  mkdirSync(folder, { recursive: true });
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  await must("npm", ["run", "--silent", "dist"], { cwd: checkout });
  await must("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: checkout });
  const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as { version: string };
  const tarball = `vxlab-${version}.tgz`;
  const manifest = JSON.stringify({ name: "app", private: true, dependencies: dependencies(tarball) });
  const hash = createHash("sha256")
    .update(manifest)
    .update(readFileSync(join(folder, tarball)))
    .digest("hex");
  const stamp = join(folder, "installed");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== hash) {
    for (const old of ["package-lock.json", "node_modules/vxlab"])
      rmSync(join(folder, old), { recursive: true, force: true });
    writeFileSync(join(folder, "package.json"), manifest);
    await must("npm", ["install", "--prefer-offline", ...quiet], { cwd: folder });
    writeFileSync(stamp, hash);
  }
  provide("app", folder);
}

/** The versions that the project itself is tested with. */
function dependencies(tarball: string): Record<string, string> {
  const lock = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8")) as Lock;
  const names = ["@pulumi/pulumi", "@types/node", "typescript"];
  const pinned = names.map((name) => [name, lock.packages[`node_modules/${name}`]?.version ?? "*"]);
  return { ...(Object.fromEntries(pinned) as Record<string, string>), vxlab: `file:${tarball}` };
}
