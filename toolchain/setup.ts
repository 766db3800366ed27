/** Lays the pieces of Pulumi out in `.vxlab/`. The second run only looks. */
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { removeBuildCaches } from "./go";
import { withLock } from "../system/lockfile";
import { pulumiWrapper, type Environment, type Paths } from "../system/paths";
import {
  bridge,
  languageHost,
  libvirtProvider,
  plainPlugin,
  providerPath,
  pulumiCli,
  versions,
  type Piece,
} from "./pieces";
import type { Reporter } from "../system/reporter";
import { sourcesHash } from "./replacements";
import { Vendor } from "./vendor";
import { mustBeWritable } from "./writable";

/** Pulumi and its plugins. */
export async function completeToolchain(
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<Piece[]> {
  const known = readPieces(paths);
  if (known !== undefined) return known;
  return settingUp(paths, reporter, async () => {
    const pieces = await gather(paths, environment, reporter);
    const ours = pieces.filter((piece) => piece.source === "replacement").map((piece) => piece.name);
    if (ours.length > 0) {
      reporter.line(
        `the vendor's ${ours.join(", ")} cannot be had here: the replacements of toolchain/plugins are in use`,
      );
    }
    writeFileSync(stampFile(paths), JSON.stringify({ key: stampKey(paths), pieces }, null, 2));
    return pieces;
  });
}

/** One at a time for a cache: what is built in it may need gigabytes there, which go when it is done. */
export async function settingUp<T>(paths: Paths, reporter: Reporter, work: () => Promise<T>): Promise<T> {
  mustBeWritable(paths.cache, "keep it elsewhere: VXLAB_CACHE=FOLDER");
  const waiting = (pid: number) =>
    reporter.line(`waiting for another vxlab (pid ${pid}) that sets up the same cache`);
  return withLock(join(paths.cache, "setup.lock"), waiting, async () => {
    const result = await work();
    removeBuildCaches(paths);
    return result;
  });
}

async function gather(paths: Paths, environment: Environment, reporter: Reporter): Promise<Piece[]> {
  const shop = { paths, environment, reporter, vendor: new Vendor(reporter, environment) };
  const cli = await pulumiCli(shop);
  link(cli.path, join(paths.dot, "toolchain", "pulumi"));
  link(join(paths.root, "toolchain", "pulumi.sh"), pulumiWrapper(paths));
  const bridgePiece = await bridge(shop);
  const provider = await libvirtProvider(shop, bridgePiece);
  const command = await plainPlugin(shop, "command");
  const random = await plainPlugin(shop, "random");
  const language = await languageHost(shop, cli);
  layOut(paths, { language, bridge: bridgePiece, provider, plugins: [command, random] });
  passphrase(paths);
  return [cli, language, bridgePiece, provider, command, random];
}

interface Parts {
  language: Piece;
  bridge: Piece;
  provider: Piece;
  plugins: Piece[];
}

/** PULUMI_HOME. The engine ignores plugin folders that are links, so only programs are linked. */
function layOut(paths: Paths, parts: Parts): void {
  const plugins = join(paths.pulumiHome, "plugins");
  rmSync(plugins, { recursive: true, force: true });
  const program = "pulumi-resource-terraform-provider";
  link(
    join(parts.bridge.path, program),
    join(plugins, `resource-terraform-provider-v${versions.bridge}`, program),
  );
  link(parts.provider.path, join(paths.pulumiHome, providerPath));
  for (const piece of parts.plugins)
    copy(piece.path, join(plugins, `resource-${piece.name}-v${piece.version}`));
  // The vendor's language host is found beside the vendor's CLI; ours as any other plugin.
  if (parts.language.source === "replacement")
    copy(parts.language.path, join(plugins, `language-nodejs-v${versions.pulumi}`));
}

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}

export function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const inside = target.startsWith(`${dirname(dirname(dirname(path)))}/`);
  symlinkSync(inside ? relative(dirname(path), target) : target, path);
}

/** Protects the secrets in the state; whoever can read `.vxlab/` can read them. */
function passphrase(paths: Paths): void {
  mkdirSync(paths.state, { recursive: true });
  if (!existsSync(paths.passphrase))
    writeFileSync(paths.passphrase, randomBytes(24).toString("base64url"), { mode: 0o600 });
}

const stampFile = (paths: Paths): string => join(paths.dot, "toolchain.json");

function stampKey(paths: Paths): string {
  return JSON.stringify([versions, paths.cache, paths.root, sourcesHash(paths)]);
}

/** What an earlier run found, if it is all still there. */
export function readPieces(paths: Paths): Piece[] | undefined {
  try {
    const { key, pieces } = JSON.parse(readFileSync(stampFile(paths), "utf8")) as {
      key: string;
      pieces: Piece[];
    };
    const parts = [
      ...pieces.map((piece) => piece.path),
      pulumiWrapper(paths),
      paths.passphrase,
      join(paths.pulumiHome, providerPath),
    ];
    return key === stampKey(paths) && parts.every((path) => existsSync(path)) ? pieces : undefined;
  } catch {
    return undefined;
  }
}
