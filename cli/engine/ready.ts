/** What the engine needs before it runs: programs, the toolchain, libvirt. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { libvirtScript, type Environment } from "../../system/paths";
import { run } from "../../system/process";
import { Missing } from "../../system/reporter";
import { together } from "../../system/together";
import { completeToolchain, machineCompletion, shortage, type Piece, type When } from "../../toolchain";
import type { Context } from "../command";
import { keepAnswer } from "../settings/answer";
import { ownSetting, readSettings } from "../settings/files";
import { settingsHints } from "../settings/hints";
import { wantedImage } from "./wanted-image";

export type Mode = "given" | "system" | "elsewhere" | "embedded";

/** Which libvirt the stack uses (toolchain/libvirt.sh decides). */
export async function libvirtMode(context: Context, stack: string): Promise<Mode> {
  if (context.plain === true) return "elsewhere"; // the state has the hypervisors
  return (await askLibvirt(context, "mode", stack)) as Mode;
}

/** The URI in virsh's notation. */
export function stackVirshUri(context: Context, stack: string): Promise<string> {
  return askLibvirt(context, "virsh", stack);
}

export interface Libvirt {
  mode: Mode;
  /** In the provider's notation. */
  uri: string;
  /** For every `pulumi` from now on, so that it need not start libvirt again (toolchain/pulumi.sh). */
  environment: Environment;
}

/** Starts the embedded libvirt where the stack uses it. */
export async function startLibvirt(context: Context, stack: string): Promise<Libvirt> {
  const said = await context.out.wait("starting libvirt", () => askLibvirt(context, "up", stack));
  const [mode = "", uri = ""] = said.split(" ");
  return { mode: mode as Mode, uri, environment: { ...context.environment, VXLAB_LIBVIRT_UP: said } };
}

/** Makes the next lab choose its libvirt again. */
export async function forgetLibvirt(context: Context, stack: string): Promise<void> {
  await askLibvirt(context, "forget", stack);
}

/** The purposes (toolchain/machine/requirements.ts) for which programs are needed in this mode. */
export function purposes(context: Context, stack: string, mode: Mode): When[] {
  return [
    "always",
    ...(mode === "embedded" ? (["embedded"] as const) : []),
    ...(wantedImage(context, stack) === undefined || hasImage(context) ? [] : (["image"] as const)),
  ];
}

/** @param beside runs while Pulumi is set up, when the Debian packages are installed: the build of the guest image */
export async function ready(
  context: Context,
  stack: string,
  more: readonly When[] = [],
  beside: () => Promise<void> = () => Promise.resolve(),
): Promise<Piece[]> {
  const mode = await libvirtMode(context, stack);
  const whens = [...purposes(context, stack, mode), ...more];
  if (mode === "embedded" && process.getuid?.() !== 0) {
    const why =
      "no libvirt service answers on this machine, and the embedded libvirt needs root: run vxlab as root, start libvirtd, or set VXLAB_LIBVIRT_URI";
    const lacks = await shortage(whens, context.environment);
    throw new Missing(lacks === undefined ? why : `${why}\n${lacks}`);
  }
  const { paths, environment, out } = context;
  const install = await machineCompletion(whens, paths, environment, out);
  return (await together([completeToolchain(paths, environment, out), install().then(beside)]))[0];
}

/** Warns of numbers in the settings that YAML reads as others (010 is 8): the preview sees only the result. */
export function sayHints({ paths, out }: Context, stack: string): void {
  for (const hint of settingsHints(paths.root, stack)) out.line(`warning: ${hint}`);
  const absent = ownSetting(readSettings(paths.root, stack), "absent");
  if (Array.isArray(absent) && absent.length > 0)
    out.line(`hosts left out of the lab (vxlab:absent): ${absent.map(String).join(", ")}`);
}

/** True when a golden image is in the cache: then the tools that build one are not needed. */
export function hasImage(context: Context): boolean {
  const folder = join(context.paths.cache, "image");
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("golden-"));
}

async function askLibvirt(context: Context, verb: string, stack: string): Promise<string> {
  const { root, dot } = context.paths;
  keepAnswer(root, stack, join(dot, "cli", "settings.cjs")); // else the script starts a Node for it
  const own = { VXLAB_ROOT: root, VXLAB_STACK: stack, VXLAB_QUIET: "1" };
  const env: Environment = { ...context.environment, ...own };
  const { code, stdout, stderr } = await run(libvirtScript(context.paths), [verb], { env, timeout: 120 });
  if (code !== 0)
    throw new Missing(stderr.trim().replace(/^vxlab: /, "") || `libvirt.sh ${verb} ended with code ${code}`);
  return stdout.trim();
}
