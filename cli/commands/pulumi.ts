import { attached } from "../../toolchain/process";
import { pulumiWrapper } from "../../toolchain/paths";
import type { Command } from "../command";
import { ready } from "../lib/ready";
import { stackName } from "../lib/args";

export const pulumi: Command = {
  name: "pulumi",
  summary: "run Pulumi itself with this project's state and plugins",
  usage: "[ARGUMENTS OF PULUMI]",
  async run(context, args) {
    await ready(context, stackName(undefined, context.environment));
    return attached(pulumiWrapper(context.paths), args, {
      cwd: context.paths.root,
      env: context.environment,
    });
  },
};
