import { dirname, join } from "node:path";
import { pulumiWrapper, type Paths } from "../../toolchain/paths";
import { completeToolchain } from "../../toolchain/setup";
import type { Command } from "../command";
import { readArgs } from "../lib/args";
import { Exit } from "../lib/exit";
import { shellWord } from "../../guest/quote";

export const env: Command = {
  name: "env",
  summary: 'print what the plain `pulumi` needs: eval "$(./vxlab env)"',
  usage: "[--json]",
  async run(context, args) {
    const { values } = readArgs(env, args, { json: { type: "boolean" } });
    await completeToolchain(context.paths, context.environment, context.out);
    const variables = variablesOf(context.paths);
    if (values.json === true) context.out.json({ ...variables, PATH: join(context.paths.dot, "bin") });
    else context.out.print(script(context.paths));
    return Exit.ok;
  },
};

/** The wrapper sets these by itself; other programs (Pulumi's Automation API) read them. */
function variablesOf(paths: Paths): Record<string, string> {
  return {
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: `file://${paths.state}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: paths.passphrase,
  };
}

export function script(paths: Paths): string {
  const lines = Object.entries(variablesOf(paths)).map(
    ([name, value]) => `export ${name}=${shellWord(value)}`,
  );
  return [`export PATH=${shellWord(dirname(pulumiWrapper(paths)))}:"$PATH"`, ...lines].join("\n");
}
