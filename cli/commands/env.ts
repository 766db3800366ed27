import { dirname, join } from "node:path";
import { pulumiWrapper } from "../../system/paths";
import { completeToolchain } from "../../toolchain";
import type { Command, Context } from "../command";
import { jsonOption, readArgs } from "../args";
import { Exit } from "../exit";
import { ownBackend, ownPassphrase } from "../state/stack";
import { shellWord } from "../../guest/quote";

export const env: Command = {
  name: "env",
  summary: 'print what the plain `pulumi` needs: eval "$(./vxlab env)"',
  operands: "",
  options: jsonOption,
  checkoutOnly: "elsewhere, plain Pulumi needs none of these variables",
  examples: [["env > vxlab.env; . ./vxlab.env; pulumi preview", "plain Pulumi on this checkout"]],
  async run(context, args) {
    const { values } = readArgs(env, args, jsonOption);
    await completeToolchain(context.paths, context.environment, context.out);
    const variables = variablesOf(context);
    if (values.json === true) context.out.json({ ...variables, PATH: join(context.paths.dot, "bin") });
    else context.out.print(script(context));
    return Exit.ok;
  },
};

type Place = Pick<Context, "paths" | "environment">;

/**
 * For programs other than the wrapper, such as Pulumi's Automation API. A backend or a passphrase that the user has set is kept, as the
 * wrapper does.
 */
function variablesOf({ paths, environment }: Place): Record<string, string> {
  return {
    PULUMI_HOME: paths.pulumiHome,
    ...(ownBackend(environment) ? { PULUMI_BACKEND_URL: `file://${paths.state}` } : {}),
    ...(ownPassphrase(environment) ? { PULUMI_CONFIG_PASSPHRASE_FILE: paths.passphrase } : {}),
  };
}

export function script(place: Place): string {
  const lines = Object.entries(variablesOf(place)).map(
    ([name, value]) => `export ${name}=${shellWord(value)}`,
  );
  return [`export PATH=${shellWord(dirname(pulumiWrapper(place.paths)))}:"$PATH"`, ...lines].join("\n");
}
