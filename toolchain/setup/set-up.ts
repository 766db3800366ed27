/** Sets Pulumi and its plugins up in `.vxlab/`. The second run only checks that all is still there. */
import { join } from "node:path";
import { withLock } from "../../system/lockfile";
import type { Environment, Paths } from "../../system/paths";
import type { Reporter } from "../../system/reporter";
import { removeBuildCaches } from "../go/build";
import { nodeHost, pulumiCli } from "../pieces/cli";
import type { Piece } from "../pieces/piece";
import { bridge, libvirtProvider, plainPlugin } from "../pieces/plugins";
import { Vendor } from "../vendor/vendor";
import { layOut, linkCli, writePassphrase } from "./layout";
import { readPieces, writePieces } from "./stamp";
import { mustBeWritable } from "./writable";

export async function completeToolchain(
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<Piece[]> {
  const known = readPieces(paths);
  if (known !== undefined) return known;
  return settingUp(paths, reporter, async () => {
    const pieces = await gather(paths, environment, reporter);
    const ours = pieces.filter((piece) => piece.source === "stand-in").map((piece) => piece.name);
    if (ours.length > 0) {
      reporter.line(
        `the vendor's ${ours.join(", ")} cannot be had here: vxlab's stand-ins are in use (packages/pulumi-stand-ins)`,
      );
    }
    writePieces(paths, pieces);
    return pieces;
  });
}

/** Runs `work` alone for its cache: a build needs gigabytes there, which are removed afterwards. */
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
  const setUp = { paths, environment, reporter, vendor: new Vendor(reporter, environment) };
  const cli = await pulumiCli(setUp);
  linkCli(paths, cli);
  const bridgePiece = await bridge(setUp);
  const provider = await libvirtProvider(setUp, bridgePiece);
  const command = await plainPlugin(setUp, "command");
  const random = await plainPlugin(setUp, "random");
  const language = await nodeHost(setUp, cli);
  layOut(paths, { language, bridge: bridgePiece, provider, plugins: [command, random] });
  writePassphrase(paths);
  return [cli, language, bridgePiece, provider, command, random];
}
