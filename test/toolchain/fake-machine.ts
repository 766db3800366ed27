/** A machine that is none, for the set-up: a checkout, a home folder, a compiler, and a vendor. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach } from "vitest";
import { pathsOf, type Environment, type Paths } from "../../system/paths";
import type { Reporter } from "../../system/reporter";
import type { SetUp } from "../../toolchain/pieces/piece";
import { versions } from "../../toolchain/pieces/versions";
import { Vendor } from "../../toolchain/vendor/vendor";
import { project } from "../cli/world";
import { programs, without } from "../lib/fake-path";
import { temporary } from "../lib/temporary";

/** Says that it is new enough, and "builds" empty programs, whose packages it notes in the cache. */
const GO = `case $1 in
version) echo go version go1.26.0 linux/amd64 ;;
list) echo fmt ;;
build)
  while [ "$1" != -o ]; do shift; done
  out=$2; shift 2; mkdir -p "$out"
  echo "$*" >>"$0.log"
  for package; do echo '#!/bin/sh' >"$out/\${package##*/}"; chmod 755 "$out/\${package##*/}"; done ;;
esac`;

/** A fake packages/pulumi-stand-ins/src/build.ts. */
const BUILD = `import { mkdirSync, writeFileSync } from "node:fs";
for (const path of [
  "language-nodejs/pulumi-language-nodejs",
  "language-python/pulumi-language-python",
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
let plain: string | undefined;

interface Machine {
  home: string;
  /** On PATH, before all others. */
  bin: string;
  paths: Paths;
  environment: Environment;
  said: string[];
  asked: string[];
  /** What the vendor would give. */
  offered: Set<string>;
}

function machine(): Machine {
  plain ??= without("pulumi", "go");
  const [home, bin] = [temporary("home"), programs({ go: GO })];
  const environment = { HOME: home, PATH: `${bin}:${plain}` };
  const paths = pathsOf(checkout(), environment);
  return { home, bin, paths, environment, said: [], asked: [], offered: new Set() };
}

/** The machine of the test that runs. */
export let at: Machine;

beforeEach(() => void (at = machine()));

export function program(path: string, lines = ""): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return path;
}

class FakeVendor extends Vendor {
  override reachable = () => Promise.resolve(at.offered.size > 0);

  override cli(version: string, folder: string): Promise<boolean> {
    return this.give("pulumi", version, folder, ["pulumi", "pulumi-language-nodejs"]);
  }

  override plugin(name: string, version: string, folder: string): Promise<boolean> {
    return this.give(name, version, folder, [`pulumi-resource-${name}`]);
  }

  private give(name: string, version: string, folder: string, files: string[]): Promise<boolean> {
    at.asked.push(`${name} ${version}`);
    if (at.offered.has(name)) for (const file of files) program(join(folder, file));
    return Promise.resolve(at.offered.has(name));
  }
}

export const reporter: Reporter = {
  line: (text) => void at.said.push(text),
  step: (_, work) => work(() => undefined),
};

export const setUp = (): SetUp => ({
  paths: at.paths,
  environment: at.environment,
  reporter,
  vendor: new FakeVendor(at.paths, reporter, at.environment),
});

/** What `go build` was at.asked for. */
export const built = (): string[] => readFileSync(join(at.bin, "go.log"), "utf8").trim().split("\n");

/** Links, since PATH leads to them so on many machines. */
export function installCli(version: string, ...beside: string[]): string {
  const folder = join(at.home, "opt", version);
  program(join(folder, "pulumi"), `echo v${version}`);
  for (const name of beside) program(join(folder, name));
  symlinkSync(join(folder, "pulumi"), join(at.bin, "pulumi"));
  return join(at.bin, "pulumi");
}

export function installPlugin(name: string, version: string): string {
  const folder = join(at.home, ".pulumi", "plugins", `resource-${name}-v${version}`);
  program(join(folder, `pulumi-resource-${name}`));
  return folder;
}
