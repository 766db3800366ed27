/**
 * The pieces of Pulumi, each from the first of: what is installed and new enough, an earlier run's cache, the
 * vendor's download, the package registries.
 */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "./go";
import { libvirtStreams } from "./mend";
import type { Environment, Paths } from "../system/paths";
import { compareVersions, isProgram, run, searchPath, whereIs } from "../system/process";
import { replacement, replacementFolder } from "./replacements";
import type { Reporter } from "../system/reporter";
import type { Vendor } from "./vendor";

export type Source = "installed" | "vendor" | "built" | "replacement";

export interface Piece {
  name: string;
  version: string;
  source: Source;
  /** A program, or a plugin's folder. */
  path: string;
}

export interface Workshop {
  paths: Paths;
  environment: Environment;
  reporter: Reporter;
  vendor: Vendor;
}

export const versions = {
  pulumi: "3.248.0",
  bridge: "1.1.0",
  libvirt: "0.8.3",
  /** What is built here of it: raised when what is mended in it changes. */
  libvirtBuild: "0.8.3-2",
  command: "1.2.1",
  random: "4.18.2",
  yaml: "1.38.1",
};

/** Where the bridge keeps a provider that it need not ask a registry for, below PULUMI_HOME. */
export const providerPath = join(
  "dynamic_tf_plugins/registry.opentofu.org/dmacvicar/libvirt",
  versions.libvirt,
  `linux_amd64/terraform-provider-libvirt_v${versions.libvirt}`,
);

export async function pulumiCli(shop: Workshop): Promise<Piece> {
  const { paths, environment, reporter, vendor } = shop;
  const piece = (source: Source, path: string, version = versions.pulumi): Piece => ({
    name: "pulumi",
    version,
    source,
    path,
  });
  const installed = await installedCli(environment);
  if (installed !== undefined) return piece("installed", installed.path, installed.version);
  const folder = join(paths.cache, "pulumi", versions.pulumi);
  const [downloaded, built] = ["vendor", "built"].map((source) => join(folder, source, "pulumi"));
  if (isProgram(downloaded)) return piece("vendor", downloaded);
  if (isProgram(built)) return piece("built", built);
  if (await vendor.cli(versions.pulumi, dirname(downloaded))) return piece("vendor", downloaded);
  const variables = [`github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.pulumi}`];
  const title = `the Pulumi CLI ${versions.pulumi} (about 4 minutes, once)`;
  const binary = {
    module: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables,
    out: built,
    title,
  };
  await build(binary, paths, environment, reporter);
  return piece("built", built);
}

/** A newer 3.x serves as well; our own wrapper on PATH is not an installation. */
async function installedCli(
  environment: Environment,
): Promise<{ path: string; version: string } | undefined> {
  for (const path of whereIs("pulumi", searchPath(environment))) {
    if (path.endsWith("/.vxlab/bin/pulumi")) continue;
    const env = { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const version = /^v(3\.\d+\.\d+)$/m.exec(
      (await run(path, ["version"], { env, timeout: 20 })).stdout,
    )?.[1];
    if (version !== undefined && compareVersions(version, versions.pulumi) >= 0) return { path, version };
  }
  return undefined;
}

/** The language host: the vendor's lies beside the vendor's CLI. */
export async function languageHost(shop: Workshop, cli: Piece): Promise<Piece> {
  const name = "language-nodejs";
  const beside = join(dirname(realpathSync(cli.path)), "pulumi-language-nodejs");
  if (isProgram(beside)) return { name, version: cli.version, source: cli.source, path: beside };
  return {
    name,
    version: versions.pulumi,
    source: "replacement",
    path: await replacement(shop.paths, shop.reporter, name),
  };
}

/** For programs in YAML; not part of what a lab needs (languages.ts). */
export async function yamlHost({ paths, environment, reporter }: Workshop, cli: Piece): Promise<Piece> {
  const name = "language-yaml";
  const beside = join(dirname(realpathSync(cli.path)), "pulumi-language-yaml");
  if (isProgram(beside)) return { name, version: cli.version, source: cli.source, path: beside };
  const out = join(paths.cache, "yaml", versions.yaml, "built", "pulumi-language-yaml");
  if (!isProgram(out)) {
    const sources = "github.com/pulumi/pulumi-yaml";
    const variables = [`${sources}/pkg/version.Version=v${versions.yaml}`];
    const title = `the YAML language host ${versions.yaml} (about 4 minutes, once)`;
    const binary = { module: "yaml", package: `${sources}/cmd/pulumi-language-yaml`, variables, out, title };
    await build(binary, paths, environment, reporter);
  }
  return { name, version: versions.yaml, source: "built", path: out };
}

/** For programs in Python; as above. */
export async function pythonHost({ paths, reporter }: Workshop, cli: Piece): Promise<Piece> {
  const name = "language-python";
  const beside = join(dirname(realpathSync(cli.path)), "pulumi-language-python");
  if (isProgram(beside)) return { name, version: cli.version, source: cli.source, path: beside };
  const path = await replacement(paths, reporter, name);
  return { name, version: versions.pulumi, source: "replacement", path };
}

export async function bridge(shop: Workshop): Promise<Piece> {
  const { paths, environment, reporter } = shop;
  const found = await plugin(shop, "terraform-provider", versions.bridge);
  if (found !== undefined) return found;
  const folder = join(paths.cache, "bridge", versions.bridge, "built");
  const out = join(folder, "pulumi-resource-terraform-provider");
  if (!isProgram(out)) {
    const sources = "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic";
    const title = `the Terraform bridge ${versions.bridge} (about 3 minutes, once)`;
    const variables = [`${sources}/version.version=${versions.bridge}`];
    await build({ module: "bridge", package: sources, variables, out, title }, paths, environment, reporter);
  }
  return { name: "terraform-provider", version: versions.bridge, source: "built", path: folder };
}

export async function libvirtProvider(shop: Workshop, bridgePiece: Piece): Promise<Piece> {
  const { paths, environment, reporter } = shop;
  const piece = (source: Source, path: string): Piece => ({
    name: "libvirt",
    version: versions.libvirt,
    source,
    path,
  });
  const installed = join(ownHome(environment), providerPath);
  if (isProgram(installed)) return piece("installed", installed);
  const downloaded = join(paths.cache, "libvirt", versions.libvirt, "vendor", providerPath);
  if (isProgram(downloaded)) return piece("vendor", downloaded);
  const built = join(paths.cache, "libvirt", versions.libvirtBuild, "built", "terraform-provider-libvirt");
  if (isProgram(built)) return piece("built", built);
  if (bridgePiece.source !== "built" && (await askBridge(shop, bridgePiece, downloaded)))
    return piece("vendor", downloaded);
  const title = `the libvirt provider ${versions.libvirt}`;
  const sources = "github.com/dmacvicar/terraform-provider-libvirt";
  await build(
    { module: "libvirt", package: sources, variables: [], out: built, title, mend: libvirtStreams },
    paths,
    environment,
    reporter,
  );
  return piece("built", built);
}

/** The bridge fetches providers itself; asked for a schema here, it need not be asked inside the cut-off namespace. */
async function askBridge(shop: Workshop, piece: Piece, target: string): Promise<boolean> {
  if (!(await shop.vendor.reachable())) return false;
  const cli = join(shop.paths.dot, "toolchain", "pulumi");
  const program = join(piece.path, "pulumi-resource-terraform-provider");
  const PULUMI_HOME = target.slice(0, -providerPath.length - 1);
  const env = { ...shop.environment, PULUMI_HOME, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const args = ["package", "get-schema", program, "dmacvicar/libvirt", versions.libvirt];
  return (await run(cli, args, { env, timeout: 120 })).code === 0 && isProgram(target);
}

/** `command` or `random`: the vendor's when it can be had, else ours. */
export async function plainPlugin(shop: Workshop, name: "command" | "random"): Promise<Piece> {
  const folder = `resource-${name}-v${versions[name]}`;
  const ours = replacementFolder(shop.paths, folder);
  if (existsSync(ours)) {
    const found = installedPlugin(shop, name, versions[name]);
    return found ?? { name, version: versions[name], source: "replacement", path: ours };
  }
  const found = await plugin(shop, name, versions[name]);
  return (
    found ?? {
      name,
      version: versions[name],
      source: "replacement",
      path: await replacement(shop.paths, shop.reporter, folder),
    }
  );
}

async function plugin(shop: Workshop, name: string, version: string): Promise<Piece | undefined> {
  const found = installedPlugin(shop, name, version);
  if (found !== undefined) return found;
  // What was built before need not be asked for again.
  if (existsSync(join(shop.paths.cache, "bridge", version, "built")) && name === "terraform-provider")
    return undefined;
  const path = join(shop.paths.cache, "plugins", "vendor", `resource-${name}-v${version}`);
  return (await shop.vendor.plugin(name, version, path))
    ? { name, version, source: "vendor", path }
    : undefined;
}

function installedPlugin(shop: Workshop, name: string, version: string): Piece | undefined {
  const folder = `resource-${name}-v${version}`;
  const candidates: [Source, string][] = [
    ["installed", join(ownHome(shop.environment), "plugins", folder)],
    ["vendor", join(shop.paths.cache, "plugins", "vendor", folder)],
  ];
  const found = candidates.find(([, path]) => isProgram(join(path, `pulumi-resource-${name}`)));
  return found && { name, version, source: found[0], path: found[1] };
}

/** The user's PULUMI_HOME; the project's own one (from `vxlab env`) holds only what was put there from here. */
function ownHome(environment: Environment): string {
  const home = environment["PULUMI_HOME"];
  return home && !home.endsWith("/.vxlab/pulumi-home")
    ? home
    : join(environment["HOME"] || homedir(), ".pulumi");
}
