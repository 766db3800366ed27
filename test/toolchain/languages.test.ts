/** The language hosts that `toolchain/languages.ts` adds, after the set-up is renewed. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { addLanguages } from "../../toolchain/languages";
import { providerPath } from "../../toolchain/pieces/plugins";
import { YAML } from "../../toolchain/pieces/languages";
import { versions } from "../../toolchain/pieces/versions";
import { builtFolder } from "../../toolchain/go/recipe";
import { completeToolchain } from "../../toolchain/setup/set-up";
import { at, installCli, installPlugin, program, reporter } from "./fake-machine";

const HOSTS = [
  `language-python-v${versions.pulumi}/pulumi-language-python`,
  `language-yaml-v${versions.yaml}/pulumi-language-yaml`,
];

const complete = () => completeToolchain(at.paths, at.environment, reporter);
const add = () => addLanguages(at.paths, at.environment, reporter);

/** A set-up renews itself when the vendor's plugin is on the machine. */
async function renew(): Promise<void> {
  installPlugin("random", versions.random);
  at.said = [];
  const pieces = await complete();
  expect(pieces.find(({ name }) => name === "random")?.source).toBe("installed");
}

const plugins = () => join(at.paths.pulumiHome, "plugins");
const there = () => HOSTS.filter((path) => existsSync(join(plugins(), path)));

beforeEach(() => {
  at.environment = { ...at.environment, VXLAB_NO_VENDOR: "1" };
  installCli(versions.pulumi);
  program(join(at.home, ".pulumi", providerPath));
  installPlugin("terraform-provider", versions.bridge);
});

describe("a renewed set-up", () => {
  it("keeps the languages that were added, without a word", async () => {
    await complete();
    expect(there()).toEqual([]);
    await add();
    expect(there()).toEqual(HOSTS);
    await renew();
    expect(there()).toEqual(HOSTS);
    expect(at.said.filter((line) => /language/.test(line))).toEqual([]);
  });

  it("adds none where none were added", async () => {
    await complete();
    await renew();
    expect(there()).toEqual([]);
    expect(readdirSync(plugins()).filter((name) => /yaml|python/.test(name))).toEqual([]);
  });

  it("builds them again when the cache has lost them", async () => {
    await complete();
    await add();
    rmSync(builtFolder(at.paths, YAML), { recursive: true });
    await renew();
    expect(there()).toEqual(HOSTS);
  });

  it("keeps them although an earlier renewal ended halfway", async () => {
    await complete();
    await add();
    rmSync(plugins(), { recursive: true });
    await renew();
    expect(there()).toEqual(HOSTS);
  });

  it("sets a lab's part up where they cannot be built, and warns", async () => {
    await complete();
    await add();
    rmSync(builtFolder(at.paths, YAML), { recursive: true });
    program(join(at.bin, "go"), "echo go version go1.26.0 linux/amd64; exit $#");
    await renew();
    expect(there()).toEqual([]);
    const warnings = at.said.filter((line) => line.startsWith("warning: "));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^warning: the language hosts for YAML and Python cannot be renewed: run npx tsx toolchain\/languages\.ts \(.+\)$/s,
      ),
    ]);
    // Once: the set-up is complete.
    at.said = [];
    await complete();
    expect(at.said).toEqual([]);
  });
});
