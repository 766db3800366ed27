import type { Command } from "../command";
import { readArgs, stackName, stackOption } from "../args";
import { runVerify } from "../access/prove";

const options = {
  ...stackOption,
  only: { type: "string", multiple: true },
  "all-pairs": { type: "boolean" },
  json: { type: "boolean" },
} as const;

export const verify: Command = {
  name: "verify",
  summary: "prove that the lab works: tunnels, pings, MTU, VNI on the wire, isolation",
  usage:
    "[-s STACK] [--only NAME]… [--all-pairs] [--json]   (NAME: a check, or a part of its name: mtu, kvm1, ping/c1)\n" +
    "--all-pairs: every container pings every other of its segment, instead of four",
  async run(context, args) {
    const { values } = readArgs(verify, args, options);
    const stack = stackName(values.stack, context.environment);
    return runVerify(context, stack, { only: values.only, json: values.json, allPairs: values["all-pairs"] });
  },
};
