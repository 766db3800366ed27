/** Before the engine can run: the machine complete, the toolchain in place, libvirt there. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { libvirtScript, type Environment } from "../../system/paths";
import { run } from "../../system/process";
import { Missing } from "../../system/reporter";
import { completeMachine, completeToolchain, shortage, type Piece, type When } from "../../toolchain";
import type { Context } from "../command";
import { keepAnswer } from "../settings/answer";
import { settingsHints } from "../settings/hints";
import { wantedImage } from "./wanted-image";

export type Mode = "given" | "system" | "elsewhere" | "embedded";

/** Which libvirt the stack uses (toolchain/libvirt.sh decides). */
export async function libvirtMode(context: Context, stack: string): Promise<Mode> {
  return (await askLibvirt(context, "mode", stack)) as Mode;
}

/** The URI as virsh spells it. */
export function virshUri(context: Context, stack: string): Promise<string> {
  return askLibvirt(context, "virsh", stack);
}

export interface Libvirt {
  mode: Mode;
  /** As the provider spells it. */
  uri: string;
  /** For a `pulumi` started from now on, which then need not find it out again (toolchain/pulumi.sh). */
  environment: Environment;
}

/** Starts the embedded libvirt if it is the one. */
export async function startLibvirt(context: Context, stack: string): Promise<Libvirt> {
  const said = await context.out.wait("starting libvirt", () => askLibvirt(context, "up", stack));
  const [mode = "", uri = ""] = said.split(" ");
  return { mode: mode as Mode, uri, environment: { ...context.environment, VXLAB_LIBVIRT_UP: said } };
}

/** The next lab decides anew which libvirt it uses. */
export async function forgetLibvirt(context: Context, stack: string): Promise<void> {
  await askLibvirt(context, "forget", stack);
}

/** What the machine must have for the engine to run with this mode. */
export function purposes(context: Context, stack: string, mode: Mode): When[] {
  return [
    "always",
    ...(mode === "embedded" ? (["embedded"] as const) : []),
    ...(wantedImage(context, stack) === undefined || hasImage(context) ? [] : (["image"] as const)),
  ];
}

export async function ready(context: Context, stack: string, more: readonly When[] = []): Promise<Piece[]> {
  const mode = await libvirtMode(context, stack);
  const whens = [...purposes(context, stack, mode), ...more];
  if (mode === "embedded" && process.getuid?.() !== 0) {
    const why =
      "no libvirt service answers on this machine, and one of the lab's own needs root: run vxlab as root, start libvirtd, or set VXLAB_LIBVIRT_URI";
    const lacks = await shortage(whens, context.environment);
    throw new Missing(lacks === undefined ? why : `${why}\n${lacks}`);
  }
  await completeMachine(whens, context.paths, context.environment, context.out);
  return completeToolchain(context.paths, context.environment, context.out);
}

/** What YAML makes of numbers in the settings, which the preview cannot see. */
export function sayHints({ paths, out }: Context, stack: string): void {
  for (const hint of settingsHints(paths.root, stack)) out.line(`warning: ${hint}`);
}

/** True when some golden image is in the cache: then the tools that build one need not be there. */
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
