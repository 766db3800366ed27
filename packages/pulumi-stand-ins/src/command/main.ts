// pulumi-resource-command: stands in for the plugin of @pulumi/command.
import { Command, failures } from "./command";
import { COPY_TYPE, CopyToRemote } from "./copy";
import { runLocal } from "./local";
import { runRemote } from "./remote";
import spec from "../schemas/command.json";
import { notFound, unsupported } from "../lib/errors";
import { serveProvider } from "../lib/provider";
import type { Provider, Resource } from "../lib/provider";
import { Schema } from "../lib/schema";
import type { PackageSpec } from "../lib/schema";
import { asText, reveal } from "../lib/value";

const packageSpec: PackageSpec = spec;
const schema = new Schema(packageSpec);
const resources: { [type: string]: Resource } = {
  "command:remote:Command": new Command(schema, "remote", runRemote),
  "command:local:Command": new Command(schema, "local", runLocal),
  [COPY_TYPE]: new CopyToRemote(schema),
};

const provider: Provider = {
  version: spec.version,
  acceptSecrets: true,
  schema: spec,
  resource: (type) => {
    const found = resources[type];
    if (found) return found;
    if (type in packageSpec.resources) throw unsupported(type, "command");
    throw notFound(`Resource '${type.replace(/^command:/, "")}' not found`);
  },
  invoke: async (token, args, context) => {
    const inputs = packageSpec.functions?.[token]?.inputs;
    if (!inputs) throw notFound(`Invoke '${token.replace(/^command:/, "")}' not found`);
    const { value, problems } = schema.check(inputs, args);
    if (problems.length > 0) return { result: {}, failures: failures(problems, "local.RunInputs") };
    const outputs = await runLocal(
      asText(reveal(value.command ?? null)),
      value,
      { stdout: "", stderr: "" },
      context,
    );
    return { result: { ...value, ...outputs }, failures: [] };
  },
};

void serveProvider(provider);
