/** Our own guest images, built before the engine starts: minutes with progress instead of minutes of silence. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BUILDERS, ownImage } from "../../image/image";
import { must } from "../../toolchain/process";
import type { Context } from "../command";
import { pulumi } from "./engine";

/** Builds the image that the stack's machines boot, if that is ours and is not there. */
export async function provideImage(context: Context, stack: string): Promise<void> {
  const kinds = mentionsDocker(context, stack) ? (["golden", "docker"] as const) : (["golden"] as const);
  if (kinds.every((kind) => isBuilt(context, kind))) return;
  const kind = await kindOf(context, stack);
  if (kind === "golden" || kind === "docker") await buildImage(context, kind);
}

/** Builds an image of ours if it is not there. */
export async function buildImage(context: Context, kind: keyof typeof BUILDERS): Promise<void> {
  if (isBuilt(context, kind)) return;
  const { paths, environment: env, out } = context;
  await out.step(kind === "golden" ? "guest image" : `guest image (${kind})`, (say) => {
    const onLine = (line: string) => (line.startsWith("{") ? undefined : (out.line(`  ${line}`), say(line)));
    const script = join(paths.root, "image", BUILDERS[kind]);
    return must(script, [join(paths.cache, "image")], { cwd: paths.root, env, timeout: 3600, onLine });
  });
}

function isBuilt({ paths }: Context, kind: keyof typeof BUILDERS): boolean {
  return existsSync(ownImage(kind, join(paths.cache, "image"), false).root);
}

/** Spares most labs a question to Pulumi. */
function mentionsDocker({ paths }: Context, stack: string): boolean {
  const files = ["Pulumi.yaml", `Pulumi.${stack}.yaml`].map((name) => join(paths.root, name));
  return files.some((file) => existsSync(file) && readFileSync(file, "utf8").includes("docker"));
}

/** The stack may bring an image of its own. */
async function kindOf(context: Context, stack: string): Promise<string> {
  const { code, stdout } = await pulumi(context, ["config", "--json", "--stack", stack]);
  if (code !== 0) return "golden";
  const setting = (JSON.parse(stdout) as Record<string, { value?: string }>)["vxlab:image"]?.value ?? "{}";
  // A wrong one is the preview's to refuse.
  return /"kind"\s*:\s*"([a-z]+)"/.exec(setting)?.[1] ?? "golden";
}
