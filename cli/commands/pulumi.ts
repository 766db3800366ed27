import type { Command } from "../command";
import { runPulumi } from "../engine/run";
import { ready } from "../engine/ready";
import { stackName } from "../args";

export const pulumi: Command = {
  name: "pulumi",
  summary: "run Pulumi itself with this project's state and plugins",
  operands: "[ARGUMENTS OF PULUMI]",
  options: {},
  passesOptions: true,
  checkoutOnly: "run pulumi",
  examples: [["pulumi stack output lab", "the lab as programs read it"]],
  async run(context, args) {
    await ready(context, stackName(undefined, context.environment));
    const { paths, environment: env } = context;
    return (await runPulumi(paths, args, { env, stdio: "inherit" })).code;
  },
};
