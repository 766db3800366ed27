/** Sets Pulumi and its plugins up in `.vxlab/`. Later runs only check that everything is still there. */
import { join } from "node:path";
import { withLock } from "../../system/lockfile";
import { rememberCache, type Environment, type Paths } from "../../system/paths";
import type { Reporter } from "../../system/reporter";
import { together } from "../../system/together";
import { removeBuildCaches } from "../go/build";
import { engine } from "../pieces/engine";
import { nodeHost } from "../pieces/languages";
import type { Piece, SetUp } from "../pieces/piece";
import { libvirtProvider, plainPlugin } from "../pieces/plugins";
import { Vendor } from "../vendor/vendor";
import { layOut, linkCli, writePassphrase } from "./layout";
import { renewLanguages } from "./added-languages";
import { earlierPieces, forgetPieces, readPieces, writePieces } from "./stamp";
import { clearWork } from "./work";
import { mustBeWritable } from "./writable";

export async function completeToolchain(
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<Piece[]> {
  const known = readPieces(paths, environment);
  if (known !== undefined) return known;
  const before = earlierPieces(paths);
  rememberCache(paths, environment);
  const pieces = await settingUp(paths, reporter, () => {
    // Without the stamp, a set-up that is interrupted after this does not count as complete.
    forgetPieces(paths);
    return gather({ paths, environment, reporter, vendor: new Vendor(paths, reporter, environment) });
  });
  for (const line of news(before, pieces)) reporter.line(line);
  writePieces(paths, environment, pieces);
  return pieces;
}

/** Lines about where the pieces come from: stand-ins the first time, and what has replaced them since. */
function news(before: readonly Piece[], pieces: readonly Piece[]): string[] {
  const sourceOf = (name: string) => before.find((piece) => piece.name === name)?.source;
  const ours = pieces.filter(({ name, source }) => source === "stand-in" && sourceOf(name) !== "stand-in");
  const better = pieces.filter(
    ({ name, source }) => source === "installed" && ![undefined, "installed"].includes(sourceOf(name)),
  );
  const lines: string[] = [];
  if (ours.length > 0)
    lines.push(
      `the vendor's ${namesOf(ours)} cannot be downloaded here: vxlab's stand-ins are in use (packages/pulumi-stand-ins); no action is needed`,
    );
  if (better.length > 0)
    lines.push(`found on this machine and used from now on: the vendor's ${namesOf(better, true)}`);
  return lines;
}

function namesOf(pieces: readonly Piece[], versions = false): string {
  return pieces.map(({ name, version }) => (versions ? `${name} ${version}` : name)).join(", ");
}

/**
 * Runs `work` alone for its cache: a build needs gigabytes there, which are removed afterwards. If `work` fails or is
 * interrupted they stay, and the next run continues with them.
 */
export async function settingUp<T>(paths: Paths, reporter: Reporter, work: () => Promise<T>): Promise<T> {
  mustBeWritable(paths.cache, "keep it elsewhere: VXLAB_CACHE=FOLDER");
  const waiting = (pid: number) =>
    reporter.line(`waiting for another vxlab (pid ${pid}) that sets up the same cache`);
  return withLock(join(paths.cache, "setup.lock"), waiting, async () => {
    clearWork(paths);
    const result = await work();
    removeBuildCaches(paths);
    return result;
  });
}

async function gather(setUp: SetUp): Promise<Piece[]> {
  const { paths } = setUp;
  const { cli, bridge, make } = await engine(setUp);
  const made = make().then(() => linkCli(paths, cli));
  // The vendor's bridge fetches the provider with the CLI's help. Otherwise one builds while the other downloads.
  if (bridge.source !== "built") await made;
  const [provider] = await together([libvirtProvider(setUp, bridge), made]);
  const command = await plainPlugin(setUp, "command");
  const random = await plainPlugin(setUp, "random");
  const language = await nodeHost(setUp, cli);
  layOut(paths, { language, bridge, provider, plugins: [command, random] });
  await renewLanguages(setUp, cli);
  writePassphrase(paths);
  return [cli, language, bridge, provider, command, random];
}
