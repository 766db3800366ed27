/** Where each piece of Pulumi is taken from: installed, the vendor's download, built, a stand-in; in this order. */
import { existsSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pathsOf, type Environment, type Paths } from "../../system/paths";
import { nodeHost, pulumiCli } from "../../toolchain/pieces/cli";
import type { Piece, SetUp } from "../../toolchain/pieces/piece";
import * as plugins from "../../toolchain/pieces/plugins";
import { versions } from "../../toolchain/pieces/versions";
import type { Reporter } from "../../system/reporter";
import { standInFolder } from "../../toolchain/pieces/stand-ins";
import { completeToolchain } from "../../toolchain/setup/set-up";
import { Vendor } from "../../toolchain/vendor/vendor";
import { programs, without } from "../lib/fake-path";
import { temporary } from "../lib/temporary";
import { project } from "../cli/world";

const { providerPath } = plugins;

/** Says that it is new enough, and "builds" an empty program. */
const GO = `case $1 in
version) echo go version go1.26.0 linux/amd64 ;;
build) while [ $# -gt 0 ]; do [ "$1" != -o ] || { echo '#!/bin/sh' >"$2"; chmod 755 "$2"; }; shift; done ;;
esac`;

/** A fake packages/pulumi-stand-ins/src/build.ts. */
const BUILD = `import { mkdirSync, writeFileSync } from "node:fs";
for (const path of [
  "language-nodejs/pulumi-language-nodejs",
  "resource-command-v${versions.command}/pulumi-resource-command",
  "resource-random-v${versions.random}/pulumi-resource-random",
]) {
  const file = process.argv[2] + "/" + path;
  mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  writeFileSync(file, "", { mode: 0o755 });
}
`;

/** A checkout with all that the set-up reads of one. */
function checkout(): string {
  const root = temporary("checkout");
  mkdirSync(join(root, "toolchain"));
  mkdirSync(join(root, "packages", "pulumi-stand-ins", "src"), { recursive: true });
  writeFileSync(join(root, "packages", "pulumi-stand-ins", "src", "build.ts"), BUILD);
  for (const name of ["node_modules", "package-lock.json", "toolchain/go", "toolchain/pulumi.sh"])
    symlinkSync(join(project, name), join(root, name));
  return root;
}

/** This machine's programs, without a Pulumi of its own. */
let plain: string;
let home: string;
let bin: string;
let paths: Paths;
let environment: Environment;
let said: string[];
let asked: string[];
/** What the vendor would give. */
let offered: Set<string>;

beforeAll(() => {
  plain = without("pulumi", "go");
});

beforeEach(() => {
  home = temporary("home");
  bin = programs({ go: GO });
  environment = { HOME: home, PATH: `${bin}:${plain}` };
  paths = pathsOf(checkout(), environment);
  [said, asked, offered] = [[], [], new Set()];
});

function program(path: string, lines = ""): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return path;
}

class FakeVendor extends Vendor {
  override reachable = () => Promise.resolve(offered.size > 0);

  override cli(version: string, folder: string): Promise<boolean> {
    return this.give("pulumi", version, folder, ["pulumi", "pulumi-language-nodejs"]);
  }

  override plugin(name: string, version: string, folder: string): Promise<boolean> {
    return this.give(name, version, folder, [`pulumi-resource-${name}`]);
  }

  private give(name: string, version: string, folder: string, files: string[]): Promise<boolean> {
    asked.push(`${name} ${version}`);
    if (offered.has(name)) for (const file of files) program(join(folder, file));
    return Promise.resolve(offered.has(name));
  }
}

const reporter: Reporter = {
  line: (text) => void said.push(text),
  step: (_, work) => work(() => undefined),
};

const setUp = (): SetUp => ({
  paths,
  environment,
  reporter,
  vendor: new FakeVendor(reporter, environment),
});

/** Links, since PATH leads to them so on many machines. */
function installCli(version: string, ...beside: string[]): string {
  const folder = join(home, "opt", version);
  program(join(folder, "pulumi"), `echo v${version}`);
  for (const name of beside) program(join(folder, name));
  symlinkSync(join(folder, "pulumi"), join(bin, "pulumi"));
  return join(bin, "pulumi");
}

function installPlugin(name: string, version: string): string {
  const folder = join(home, ".pulumi", "plugins", `resource-${name}-v${version}`);
  program(join(folder, `pulumi-resource-${name}`));
  return folder;
}

describe("the CLI", () => {
  const found = () => pulumiCli(setUp());

  it.each([versions.pulumi, "3.999.0"])(
    "is the installed one of version %s, and nobody is asked",
    async (version) => {
      offered.add("pulumi");
      const path = installCli(version);
      expect(await found()).toEqual({ name: "pulumi", version, source: "installed", path });
      expect(asked).toEqual([]);
    },
  );

  it.each(["3.1.0", "4.0.0"])(
    "is the vendor's download beside an installed %s, fetched once",
    async (version) => {
      offered.add("pulumi");
      installCli(version);
      const path = join(paths.cache, "pulumi", versions.pulumi, "vendor", "pulumi");
      const expected = { name: "pulumi", version: versions.pulumi, source: "vendor", path };
      expect([await found(), await found()]).toEqual([expected, expected]);
      expect(asked).toEqual([`pulumi ${versions.pulumi}`]);
    },
  );

  it("is not this project's own wrapper", async () => {
    offered.add("pulumi");
    const own = dirname(program(join(home, "clone", ".vxlab", "bin", "pulumi"), `echo v${versions.pulumi}`));
    environment = { ...environment, PATH: `${own}:${environment["PATH"]}` };
    expect((await found()).source).toBe("vendor");
  });

  it("is built when the vendor has none, once", async () => {
    const path = join(paths.cache, "pulumi", versions.pulumi, "built", "pulumi");
    const expected = { name: "pulumi", version: versions.pulumi, source: "built", path };
    expect([await found(), await found()]).toEqual([expected, expected]);
    expect(asked).toEqual([`pulumi ${versions.pulumi}`]);
    expect(existsSync(path)).toBe(true);
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
      path: join(home, "opt", "3.999.0", "pulumi-language-nodejs"),
    });
  });

  it("is replaced where that has none", async () => {
    const path = standInFolder(paths, "language-nodejs");
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
  const found = () => plugins.bridge(setUp());

  it("is the installed one", async () => {
    offered.add("terraform-provider");
    const path = installPlugin("terraform-provider", versions.bridge);
    expect(await found()).toMatchObject({ source: "installed", path });
    expect(asked).toEqual([]);
  });

  it("is the vendor's download where another version is installed, fetched once", async () => {
    offered.add("terraform-provider");
    installPlugin("terraform-provider", "0.0.1");
    expect([(await found()).source, (await found()).source]).toEqual(["vendor", "vendor"]);
    expect(asked).toEqual([`terraform-provider ${versions.bridge}`]);
  });

  it("is built when the vendor has none, once", async () => {
    expect([(await found()).source, (await found()).source]).toEqual(["built", "built"]);
    expect(asked).toEqual([`terraform-provider ${versions.bridge}`]);
  });
});

describe("after a build that failed", () => {
  it("the vendor is asked for the bridge again", async () => {
    const go = "[ $1 != version ] || { echo go version go1.26.0 linux/amd64; exit 0; }; exit 1";
    environment = { ...environment, PATH: `${programs({ go })}:${plain}` };
    await expect(plugins.bridge(setUp())).rejects.toThrow("go build");
    offered.add("terraform-provider");
    expect((await plugins.bridge(setUp())).source).toBe("vendor");
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
  const built = () =>
    join(paths.cache, "libvirt", versions.libvirtBuild, "built", "terraform-provider-libvirt");
  const downloaded = () => join(paths.cache, "libvirt", versions.libvirt, "vendor", providerPath);
  /** The CLI, which has the bridge fetch a provider. */
  const fetches = () => {
    const to = `"$PULUMI_HOME/${providerPath}"`;
    program(join(paths.dot, "toolchain", "pulumi"), `mkdir -p "$(dirname ${to})" && cp "$0" ${to}`);
  };

  it("is the installed one, before all others", async () => {
    program(built());
    const path = program(join(home, ".pulumi", providerPath));
    expect(await found()).toMatchObject({ source: "installed", path });
  });

  it("is what the vendor's bridge fetches", async () => {
    offered.add("anything");
    fetches();
    expect(await found()).toMatchObject({ source: "vendor", path: downloaded() });
    expect(existsSync(downloaded())).toBe(true);
  });

  it("is what was built already", async () => {
    offered.add("anything");
    fetches();
    program(built());
    expect(await found()).toMatchObject({ source: "built", path: built() });
    expect(existsSync(downloaded())).toBe(false);
  });
});

describe.each(["command", "random"] as const)("the plugin %s", (name) => {
  const found = () => plugins.plainPlugin(setUp(), name);
  const ours = () => standInFolder(paths, `resource-${name}-v${versions[name]}`);

  it("is the installed one, also where it was replaced before", async () => {
    offered.add(name);
    mkdirSync(ours(), { recursive: true });
    const path = installPlugin(name, versions[name]);
    expect(await found()).toMatchObject({ source: "installed", path });
    expect(asked).toEqual([]);
  });

  it("is the vendor's download where another version is installed, fetched once", async () => {
    offered.add(name);
    installPlugin(name, "4.5.0");
    expect([(await found()).source, (await found()).source]).toEqual(["vendor", "vendor"]);
    expect(asked).toEqual([`${name} ${versions[name]}`]);
  });

  it("is replaced when the vendor has none, who is not asked again", async () => {
    const expected = { name, version: versions[name], source: "stand-in", path: ours() };
    expect([await found(), await found()]).toEqual([expected, expected]);
    expect(asked).toEqual([`${name} ${versions[name]}`]);
    expect(existsSync(join(ours(), `pulumi-resource-${name}`))).toBe(true);
  });
});

describe("the whole set-up", () => {
  /** All but what is told to be missing. */
  function installed(...missing: string[]): void {
    installCli(versions.pulumi, ...(missing.includes("language-nodejs") ? [] : ["pulumi-language-nodejs"]));
    program(join(home, ".pulumi", providerPath));
    const plugins = {
      "terraform-provider": versions.bridge,
      command: versions.command,
      random: versions.random,
    };
    for (const [name, version] of Object.entries(plugins))
      if (!missing.includes(name)) installPlugin(name, version);
  }
  const complete = async () => {
    environment = { ...environment, VXLAB_NO_VENDOR: "1" };
    const found = await completeToolchain(paths, environment, reporter);
    return Object.fromEntries(found.map(({ name, source }) => [name, source]));
  };
  const all = { pulumi: "installed", libvirt: "installed", "terraform-provider": "installed" };

  it("uses nothing of its own where all is installed, and says nothing", async () => {
    installed();
    const expected = { ...all, "language-nodejs": "installed", command: "installed", random: "installed" };
    expect(await complete()).toEqual(expected);
    expect(said).toEqual([]);
    expect(readlinkSync(join(paths.dot, "toolchain", "pulumi"))).toBe(join(bin, "pulumi"));
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
      "the vendor's language-nodejs, random cannot be had here: vxlab's stand-ins are in use (packages/pulumi-stand-ins)",
    ];
    expect(said).toEqual(lines);
    expect(await complete()).toEqual(expected);
    expect(said).toEqual(lines);
    const home = join(paths.pulumiHome, "plugins");
    expect(existsSync(join(home, `language-nodejs-v${versions.pulumi}`))).toBe(true);
    expect(existsSync(join(home, `resource-random-v${versions.random}`, "pulumi-resource-random"))).toBe(
      true,
    );
  });
});
