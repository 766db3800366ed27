/** Where each piece of Pulumi is taken from: installed, the vendor's download, built, a stand-in; in this order. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { builtFolder } from "../../toolchain/go/recipe";
import { engine, ENGINE } from "../../toolchain/pieces/engine";
import { nodeHost } from "../../toolchain/pieces/languages";
import type { Piece } from "../../toolchain/pieces/piece";
import * as plugins from "../../toolchain/pieces/plugins";
import { standInFolder } from "../../toolchain/pieces/stand-ins";
import { versions } from "../../toolchain/pieces/versions";
import { programs } from "../lib/fake-path";
import { at, built, installCli, installPlugin, program, setUp } from "./fake-machine";

const { providerPath } = plugins;

describe("the CLI", () => {
  const found = async () => {
    const { cli, make } = await engine(setUp());
    await make();
    return cli;
  };

  it.each([versions.pulumi, "3.999.0"])(
    "is the installed one of version %s, and nobody is asked",
    async (version) => {
      at.offered.add("pulumi");
      installPlugin("terraform-provider", versions.bridge);
      const path = installCli(version);
      expect(await found()).toEqual({ name: "pulumi", version, source: "installed", path });
      expect(at.asked).toEqual([]);
    },
  );

  it.each(["3.1.0", "4.0.0"])(
    "is the vendor's download beside an installed %s, fetched once",
    async (version) => {
      at.offered.add("pulumi").add("terraform-provider");
      installCli(version);
      const path = join(at.paths.cache, "pulumi", versions.cli, "vendor", "pulumi");
      const expected = { name: "pulumi", version: versions.cli, source: "vendor", path };
      expect([await found(), await found()]).toEqual([expected, expected]);
      expect(at.asked).toEqual([`pulumi ${versions.cli}`, `terraform-provider ${versions.bridge}`]);
    },
  );

  it("is not this project's own wrapper", async () => {
    at.offered.add("pulumi");
    const own = dirname(
      program(join(at.home, "clone", ".vxlab", "bin", "pulumi"), `echo v${versions.pulumi}`),
    );
    at.environment = { ...at.environment, PATH: `${own}:${at.environment["PATH"]}` };
    expect((await found()).source).toBe("vendor");
  });

  it("is built when the vendor has none, once, and together with the bridge", async () => {
    const path = join(builtFolder(at.paths, ENGINE), "pulumi");
    const expected = { name: "pulumi", version: versions.cli, source: "built", path };
    expect([await found(), await found()]).toEqual([expected, expected]);
    expect(at.asked).toEqual([`pulumi ${versions.cli}`, `terraform-provider ${versions.bridge}`]);
    expect(built()).toEqual([Object.values(ENGINE.programs).join(" ")]);
    expect(readdirSync(builtFolder(at.paths, ENGINE)).sort()).toEqual(Object.keys(ENGINE.programs).sort());
    expect(readdirSync(join(at.paths.cache, "work"))).toEqual([]);
  });

  it("is built alone where the bridge is installed", async () => {
    installPlugin("terraform-provider", versions.bridge);
    expect((await found()).source).toBe("built");
    expect(built()).toEqual([ENGINE.programs["pulumi"]]);
  });
});

describe("the language host", () => {
  it("is the one beside the CLI", async () => {
    const cli = { name: "pulumi", version: "3.999.0", source: "installed", path: "" } as const;
    const path = installCli("3.999.0", "pulumi-language-nodejs");
    expect(await nodeHost(setUp(), { ...cli, path })).toEqual({
      name: "language-nodejs",
      version: "3.999.0",
      source: "installed",
      path: join(at.home, "opt", "3.999.0", "pulumi-language-nodejs"),
    });
  });

  it("is replaced where that has none", async () => {
    const path = standInFolder(at.paths, "language-nodejs");
    mkdirSync(path, { recursive: true });
    const cli = {
      name: "pulumi",
      version: versions.pulumi,
      source: "built",
      path: installCli("3.248.0"),
    } as const;
    expect(await nodeHost(setUp(), cli)).toMatchObject({ source: "stand-in", path });
  });
});

describe("the bridge", () => {
  beforeEach(() => void installCli(versions.pulumi));
  const found = async () => {
    const { bridge, make } = await engine(setUp());
    await make();
    return bridge;
  };

  it("is the installed one", async () => {
    at.offered.add("terraform-provider");
    const path = installPlugin("terraform-provider", versions.bridge);
    expect(await found()).toMatchObject({ source: "installed", path });
    expect(at.asked).toEqual([]);
  });

  it("is the vendor's download where another version is installed, fetched once", async () => {
    at.offered.add("terraform-provider");
    installPlugin("terraform-provider", "0.0.1");
    expect([(await found()).source, (await found()).source]).toEqual(["vendor", "vendor"]);
    expect(at.asked).toEqual([`terraform-provider ${versions.bridge}`]);
  });

  it("is built when the vendor has none, once", async () => {
    expect([(await found()).source, (await found()).source]).toEqual(["built", "built"]);
    expect(at.asked).toEqual([`terraform-provider ${versions.bridge}`]);
  });
});

describe("after a build that failed", () => {
  it("the vendor is asked for the bridge again", async () => {
    const go = "[ $1 != version ] || { echo go version go1.26.0 linux/amd64; exit 0; }; exit 1";
    at.environment = { ...at.environment, PATH: `${programs({ go })}:${at.environment["PATH"]}` };
    const broken = await engine(setUp());
    await expect(broken.make()).rejects.toThrow("go list");
    at.offered.add("terraform-provider");
    expect((await engine(setUp())).bridge.source).toBe("vendor");
  });
});

describe("the libvirt provider", () => {
  const vendors = {
    name: "terraform-provider",
    version: versions.bridge,
    source: "vendor",
    path: "/bridge",
  } as const;
  const found = (bridge: Piece = vendors) => plugins.libvirtProvider(setUp(), bridge);
  const built = () => join(builtFolder(at.paths, plugins.LIBVIRT), "terraform-provider-libvirt");
  const downloaded = () => join(at.paths.cache, "libvirt", versions.libvirt, "vendor", providerPath);
  /** The CLI, which has the bridge fetch a provider. */
  const fetches = () => {
    const to = `"$PULUMI_HOME/${providerPath}"`;
    program(join(at.paths.dot, "toolchain", "pulumi"), `mkdir -p "$(dirname ${to})" && cp "$0" ${to}`);
  };

  it("is the installed one, before all others", async () => {
    program(built());
    const path = program(join(at.home, ".pulumi", providerPath));
    expect(await found()).toMatchObject({ source: "installed", path });
  });

  it("is what the vendor's bridge fetches", async () => {
    at.offered.add("anything");
    fetches();
    expect(await found()).toMatchObject({ source: "vendor", path: downloaded() });
    expect(existsSync(downloaded())).toBe(true);
  });

  it("is what was built already", async () => {
    at.offered.add("anything");
    fetches();
    program(built());
    expect(await found()).toMatchObject({ source: "built", path: built() });
    expect(existsSync(downloaded())).toBe(false);
  });
});

describe.each(["command", "random"] as const)("the plugin %s", (name) => {
  const found = () => plugins.plainPlugin(setUp(), name);
  const ours = () => standInFolder(at.paths, `resource-${name}-v${versions[name]}`);

  it("is the installed one, also where it was replaced before", async () => {
    at.offered.add(name);
    mkdirSync(ours(), { recursive: true });
    const path = installPlugin(name, versions[name]);
    expect(await found()).toMatchObject({ source: "installed", path });
    expect(at.asked).toEqual([]);
  });

  it("is the vendor's download where another version is installed, fetched once", async () => {
    at.offered.add(name);
    installPlugin(name, "4.5.0");
    expect([(await found()).source, (await found()).source]).toEqual(["vendor", "vendor"]);
    expect(at.asked).toEqual([`${name} ${versions[name]}`]);
  });

  it("is replaced when the vendor has none, who is not asked again", async () => {
    const expected = { name, version: versions[name], source: "stand-in", path: ours() };
    expect([await found(), await found()]).toEqual([expected, expected]);
    expect(at.asked).toEqual([`${name} ${versions[name]}`]);
    expect(existsSync(join(ours(), `pulumi-resource-${name}`))).toBe(true);
  });
});
