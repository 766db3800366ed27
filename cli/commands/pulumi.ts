import type { Command } from "../command";
import { runPulumi } from "../engine/run";
import { ready } from "../engine/ready";
import { stackName } from "../args";

export const pulumi: Command = {
  name: "pulumi",
  summary: "run Pulumi itself with this project's state and plugins",
  usage: "[ARGUMENTS OF PULUMI]",
  async run(context, args) {
    await ready(context, stackName(undefined, context.environment));
    const { paths, environment: env } = context;
    return (await runPulumi(paths, args, { env, stdio: "inherit" })).code;
  },
};
