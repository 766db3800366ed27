import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporary } from "./temporary";
import { vendorsOwn, type PluginName } from "./targets";

function folder(...files: string[]): string {
  const made = temporary("plugins");
  for (const file of files) {
    mkdirSync(dirname(join(made, file)), { recursive: true });
    writeFileSync(join(made, file), "#!/bin/sh\n", { mode: 0o755 });
  }
  return made;
}

describe("the vendor's plugins", () => {
  it.each<[PluginName, string]>([
    ["pulumi-resource-command", "pulumi-resource-command"],
    ["pulumi-resource-command", "resource-command-v1.2.1/pulumi-resource-command"],
    ["pulumi-resource-random", "resource-random-v4.18.2/pulumi-resource-random"],
    ["pulumi-language-nodejs", "pulumi-language-nodejs"],
    ["pulumi-language-nodejs", "language-nodejs-v3.248.0/pulumi-language-nodejs"],
  ])("%s is found as %s", (name, file) => {
    const here = folder(file);
    expect(vendorsOwn(name, { VXLAB_VENDOR_PLUGINS: here })).toBe(join(here, file));
  });

  it("are not looked for when nobody says where", () => {
    expect(vendorsOwn("pulumi-resource-random", {})).toBeUndefined();
    expect(vendorsOwn("pulumi-resource-random", { VXLAB_VENDOR_PLUGINS: "" })).toBeUndefined();
  });

  it.each([
    ["an empty folder", () => folder()],
    ["no folder at all", () => "/nonexistent"],
    ["one with others", () => folder("pulumi-resource-command")],
    ["one of another version", () => folder("resource-random-v4.18.3/pulumi-resource-random")],
  ])("are missed in %s", (_, make) => {
    const here = make();
    const missed = () => vendorsOwn("pulumi-resource-random", { VXLAB_VENDOR_PLUGINS: here });
    expect(missed).toThrow(
      `VXLAB_VENDOR_PLUGINS: got "${here}", which has no program pulumi-resource-random`,
    );
  });
});
