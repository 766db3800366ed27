import type { Command } from "../command";
import { readArgs, stackName, stackOption } from "../lib/args";
import { runVerify } from "../verify/run";

const options = {
  ...stackOption,
  only: { type: "string", multiple: true },
  json: { type: "boolean" },
} as const;

export const verify: Command = {
  name: "verify",
  summary: "prove that the lab works: tunnels, pings, MTU, VNI on the wire, isolation",
  usage: "[-s STACK] [--only NAME]… [--json]   (NAME: a check, or a part of its name: mtu, kvm1, ping/c1)",
  async run(context, args) {
    const { values } = readArgs(verify, args, options);
    const stack = stackName(values.stack, context.environment);
    return runVerify(context, stack, { only: values.only, json: values.json });
  },
};
