// pulumi-resource-random: stands in for the plugin of @pulumi/random.
import spec from "../schemas/random.json";
import { kindOf } from "./kinds";
import { Random } from "./random";
import { RpcError, unsupported } from "../lib/errors";
import { status } from "@grpc/grpc-js";
import { serveProvider } from "../lib/provider";
import { Schema } from "../lib/schema";
import type { PackageSpec } from "../lib/schema";

const packageSpec: PackageSpec = spec;
const schema = new Schema(packageSpec);

void serveProvider({
  version: spec.version,
  acceptSecrets: false,
  schema: spec,
  resource: (type) => {
    const kind = kindOf(type, schema);
    if (kind) return new Random(kind);
    if (type in packageSpec.resources) throw unsupported(type, "random");
    throw new RpcError(status.UNKNOWN, `unknown resource token: ${type}`);
  },
  invoke: (token) => Promise.reject(new RpcError(status.UNKNOWN, `unknown function token: ${token}`)),
});
