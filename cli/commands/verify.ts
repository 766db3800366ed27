import type { Command } from "../command";
import { jsonOption, readArgs, stackName, stackOption } from "../args";
import { runVerify } from "../access/prove";

const options = {
  ...stackOption,
  only: {
    type: "string",
    multiple: true,
    value: "NAME",
    doc: "a check, or a part of its name: mtu, kvm1, ping/c1",
  },
  "all-pairs": {
    type: "boolean",
    doc: "every container pings all others of its segment, instead of four of them",
  },
  ...jsonOption,
} as const;

export const verify: Command = {
  name: "verify",
  summary: "prove that the lab works: tunnels, pings, MTU, VNI on the wire, isolation",
  operands: "",
  options,
  examples: [
    ["verify", "every check"],
    ["verify --only mtu --only ping/c1", "some of them"],
  ],
  async run(context, args) {
    const { values } = readArgs(verify, args, options);
    const stack = stackName(values.stack, context.environment);
    return runVerify(context, stack, { only: values.only, json: values.json, allPairs: values["all-pairs"] });
  },
};
