/** The whole set-up of a checkout, and what the next one makes of it. */
import { existsSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pathsOf } from "../../system/paths";
import { providerPath } from "../../toolchain/pieces/plugins";
import { versions } from "../../toolchain/pieces/versions";
import { completeToolchain } from "../../toolchain/setup/set-up";
import { at, installCli, installPlugin, program, reporter } from "./fake-machine";

describe("the whole set-up", () => {
  /** All but what is told to be missing. */
  function installed(...missing: string[]): void {
    installCli(versions.pulumi, ...(missing.includes("language-nodejs") ? [] : ["pulumi-language-nodejs"]));
    program(join(at.home, ".pulumi", providerPath));
    const plugins = {
      "terraform-provider": versions.bridge,
      command: versions.command,
      random: versions.random,
    };
    for (const [name, version] of Object.entries(plugins))
      if (!missing.includes(name)) installPlugin(name, version);
  }
  const complete = async () => {
    at.environment = { ...at.environment, VXLAB_NO_VENDOR: "1" };
    const found = await completeToolchain(at.paths, at.environment, reporter);
    return Object.fromEntries(found.map(({ name, source }) => [name, source]));
  };
  const all = { pulumi: "installed", libvirt: "installed", "terraform-provider": "installed" };

  it("uses nothing of its own where all is installed, and says nothing", async () => {
    installed();
    const expected = { ...all, "language-nodejs": "installed", command: "installed", random: "installed" };
    expect(await complete()).toEqual(expected);
    expect(at.said).toEqual([]);
    expect(readlinkSync(join(at.paths.dot, "toolchain", "pulumi"))).toBe(join(at.bin, "pulumi"));
  });

  it("names what is replaced in one line, the first time", async () => {
    installed("language-nodejs", "random");
    const expected = {
      ...all,
      command: "installed",
      random: "stand-in",
      "language-nodejs": "stand-in",
    };
    expect(await complete()).toEqual(expected);
    const lines = [
      "the vendor's downloads: not asked, VXLAB_NO_VENDOR is set; the package registries serve instead",
      "the vendor's language-nodejs, random cannot be downloaded here: vxlab's stand-ins are in use (packages/pulumi-stand-ins); no action is needed",
    ];
    expect(at.said).toEqual(lines);
    expect(await complete()).toEqual(expected);
    expect(at.said).toEqual(lines);
    const home = join(at.paths.pulumiHome, "plugins");
    expect(existsSync(join(home, `language-nodejs-v${versions.pulumi}`))).toBe(true);
    expect(existsSync(join(home, `resource-random-v${versions.random}`, "pulumi-resource-random"))).toBe(
      true,
    );
  });

  it("takes what is installed later instead of its own, says so once, and keeps what is not better", async () => {
    installed("random", "command");
    expect(await complete()).toMatchObject({ command: "stand-in", random: "stand-in" });
    at.said = [];
    installPlugin("random", "4.0.0");
    expect(await complete()).toMatchObject({ random: "stand-in" });
    expect(at.said).toEqual([]);
    installPlugin("random", versions.random);
    const expected = { ...all, command: "stand-in", random: "installed" };
    expect(await complete()).toMatchObject(expected);
    expect(await complete()).toMatchObject(expected);
    expect(at.said.filter((line) => !line.startsWith("the vendor's downloads"))).toEqual([
      `found on this machine and used from now on: the vendor's random ${versions.random}`,
    ]);
    const laidOut = join(at.paths.pulumiHome, "plugins", `resource-random-v${versions.random}`);
    expect(readFileSync(join(laidOut, "pulumi-resource-random"), "utf8")).toMatch(/^#!/);
  });

  it("takes a CLI that is installed later instead of a built one, and asks an old one only once", async () => {
    installed();
    const [now, later] = [join(at.bin, "pulumi"), join(at.bin, "later")];
    renameSync(now, later);
    expect(await complete()).toMatchObject({ pulumi: "built" });
    program(now, "echo v3.1.0; echo asked >>$0.log");
    expect([await complete(), await complete()]).toMatchObject([{ pulumi: "built" }, { pulumi: "built" }]);
    expect(readFileSync(`${now}.log`, "utf8")).toBe("asked\n");
    at.said = [];
    renameSync(later, now);
    expect(await complete()).toMatchObject({ pulumi: "installed" });
    expect(at.said).toEqual([
      `found on this machine and used from now on: the vendor's pulumi ${versions.pulumi}, language-nodejs ${versions.pulumi}`,
    ]);
  });

  it("is complete only when it has come to its end: what an interrupted one has replaced is not believed", async () => {
    installed();
    await complete();
    const lost = join(at.paths.pulumiHome, "plugins", `resource-random-v${versions.random}`);
    rmSync(at.paths.passphrase);
    // It fails after it has removed the plugins.
    rmSync(at.paths.state, { recursive: true });
    writeFileSync(at.paths.state, "");
    await expect(complete()).rejects.toThrow();
    rmSync(lost, { recursive: true });
    rmSync(at.paths.state);
    writeFileSync(at.paths.passphrase, "x");
    await complete();
    expect(existsSync(lost)).toBe(true);
  });

  it("is found again without the variable that said where its cache is", async () => {
    installed("random");
    const elsewhere = join(at.home, "elsewhere");
    at.environment = { ...at.environment, VXLAB_CACHE: elsewhere };
    at.paths = pathsOf(at.paths.root, at.environment);
    await complete();
    at.environment = { ...at.environment, VXLAB_CACHE: undefined };
    at.paths = pathsOf(at.paths.root, at.environment);
    expect(at.paths.cache).toBe(elsewhere);
    at.said = [];
    expect(await complete()).toMatchObject({ random: "stand-in" });
    expect(at.said).toEqual([]);
    expect(existsSync(join(at.home, ".cache"))).toBe(false);
    // Another one, if it is named.
    const other = pathsOf(at.paths.root, { ...at.environment, VXLAB_CACHE: join(at.home, "other") });
    expect(other.cache).toBe(join(at.home, "other"));
    // None, once it has been deleted.
    rmSync(elsewhere, { recursive: true });
    expect(pathsOf(at.paths.root, at.environment).cache).toBe(join(at.home, ".cache", "vxlab"));
  });
});
