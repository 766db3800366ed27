/** The golden guest image, built before the engine starts: minutes with progress instead of minutes of silence. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../toolchain/process";
import type { Context } from "../command";
import { pulumi } from "./engine";

export async function provideImage(context: Context, stack: string): Promise<void> {
  const { paths, environment, out } = context;
  const script = join(paths.root, "image", "build.sh");
  const cache = join(paths.cache, "image");
  const options = { cwd: paths.root, env: environment };
  const { root } = JSON.parse(await must(script, ["--print", cache], options)) as { root: string };
  if (existsSync(root) || !(await usesGolden(context, stack))) return;
  await out.step("guest image", (say) => {
    const onLine = (line: string) => (line.startsWith("{") ? undefined : (out.line(`  ${line}`), say(line)));
    return must(script, [cache], { ...options, timeout: 3600, onLine });
  });
}

/** The stack may bring an image of its own. Asked of Pulumi only when there is none of ours yet. */
async function usesGolden(context: Context, stack: string): Promise<boolean> {
  const { code, stdout } = await pulumi(context, ["config", "--json", "--stack", stack]);
  if (code !== 0) return true;
  const setting = (JSON.parse(stdout) as Record<string, { value?: string }>)["vxlab:image"]?.value;
  return !/"kind"\s*:\s*"cloud"/.test(setting ?? "");
}
