/** Builds vxlab's own guest images before the engine starts, so that the build shows its progress. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BUILDERS, builderEnvironment, onlyRoot, ownImage } from "../../image/image";
import { shortage } from "../../toolchain";
import { must, run } from "../../system/process";
import { Missing } from "../../system/reporter";
import type { Context } from "../command";
import { libvirtMode, purposes } from "./ready";
import { wantedImage, type OwnImage } from "./wanted-image";

/** Builds the image that the stack's machines boot, if it is vxlab's own and missing. */
export async function provideImage(context: Context, stack: string): Promise<void> {
  const kind = wantedImage(context, stack);
  if (kind !== undefined) await buildImage(context, kind);
}

/** Builds an image if it is missing. */
export async function buildImage(context: Context, kind: OwnImage): Promise<void> {
  if (isBuilt(context, kind)) return;
  const { paths, environment, out } = context;
  if (!isRoot()) throw new Missing(onlyRoot(kind, folder(context)));
  await clearUnfinished(folder(context));
  await out.step(kind === "golden" ? "guest image" : `guest image (${kind})`, (say) => {
    const onLine = (line: string) => (line.startsWith("{") ? undefined : (out.line(`  ${line}`), say(line)));
    const script = join(paths.root, "image", BUILDERS[kind]);
    const env = builderEnvironment(environment);
    return must(script, [folder(context)], { cwd: paths.root, env, timeout: 3600, onLine });
  });
}

/** Removes what a killed build has left, unless another build runs: it holds the lock (image/lib.sh). */
async function clearUnfinished(images: string): Promise<void> {
  const left = existsSync(images) ? readdirSync(images).filter((name) => name.startsWith(".building.")) : [];
  const paths = left.map((name) => join(images, name));
  if (left.length > 0)
    await run("flock", ["-n", join(images, ".lock"), "rm", "-rf", "--one-file-system", ...paths]);
}

/**
 * Fails for a user other than root before the minutes of set-up, and lists everything else that is missing. Without a libvirt
 * service `ready` says that root is needed.
 */
export async function refuseUnbuilt(context: Context, stack: string): Promise<void> {
  const kind = wantedImage(context, stack);
  if (isRoot() || kind === undefined || isBuilt(context, kind)) return;
  const mode = await libvirtMode(context, stack);
  if (mode === "embedded") return;
  const lacks = await shortage([...purposes(context, stack, mode), "image"], context.environment);
  throw new Missing([onlyRoot(kind, folder(context)), ...(lacks === undefined ? [] : [lacks])].join("\n"));
}

const folder = ({ paths }: Context): string => join(paths.cache, "image");
const isRoot = (): boolean => process.getuid?.() === 0;

function isBuilt(context: Context, kind: OwnImage): boolean {
  return existsSync(ownImage(kind, folder(context), false).root);
}
