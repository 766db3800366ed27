/** One version of a package in the set-up, in package.json and in the lock: the plugins have to be those of the SDKs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { versions } from "../../toolchain/pieces/versions";

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}
const read = (name: string): unknown => JSON.parse(readFileSync(join(__dirname, "../..", name), "utf8"));
const manifest = read("package.json") as Manifest;
const lock = read("package-lock.json") as { packages: Record<string, Manifest & { version?: string }> };

describe("the pinned version of", () => {
  it.each(["pulumi", "command", "random"] as const)("%s is the one that is installed", (name) => {
    const wanted = versions[name];
    expect(lock.packages[`node_modules/@pulumi/${name}`]?.version).toBe(wanted);
    // As exact a version: `npm install` on a day to come gives the same.
    for (const { dependencies, devDependencies } of [manifest, lock.packages[""] ?? {}])
      expect({ ...devDependencies, ...dependencies }[`@pulumi/${name}`]).toBe(wanted);
  });

  // It makes dist/ and sdks/libvirt/bin: of the same sources another one would make another package.
  it("TypeScript is an exact 5.9, and the one that is installed", () => {
    const installed = lock.packages["node_modules/typescript"]?.version;
    expect(installed).toMatch(/^5\.9\.\d+$/);
    for (const { dependencies, devDependencies } of [manifest, lock.packages[""] ?? {}])
      expect({ ...devDependencies, ...dependencies }["typescript"]).toBe(installed);
  });

  // npm resolves a dependency on it to the newest that any ts-node takes, which the SDK's own peer range excludes.
  it("TypeScript is a peer of the package, in no wider a range than the SDK's", () => {
    expect(manifest.dependencies).not.toHaveProperty("typescript");
    expect(manifest.peerDependencies?.["typescript"]).toBe(">=5.9.3 <7");
    const sdk = lock.packages["node_modules/@pulumi/pulumi"];
    expect(sdk?.peerDependencies?.["typescript"]).toBe(">= 3.8.3 < 7");
  });

  it("libvirt is that of the generated SDK", () =>
    expect(lock.packages["sdks/libvirt"]?.version).toBe(versions.libvirt));
});
