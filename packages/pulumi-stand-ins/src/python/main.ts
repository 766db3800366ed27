// pulumi-language-python: runs Python programs, and installs what their requirements.txt says. It generates no SDKs.
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { installDependencies } from "./install";
import { interpreter, runProgram } from "./run";
import { unsupported } from "../lib/errors";
import { engineAddress, serve, streaming, unary } from "../lib/serve";
import { versions } from "../versions";

const cancelled = new AbortController();
let engine = engineAddress(process.argv.slice(2));

const implementation: UntypedServiceImplementation = {
  handshake: unary((q: pb.LanguageHandshakeRequest) => {
    engine = q.getEngineAddress();
    return new pb.LanguageHandshakeResponse();
  }),
  getPluginInfo: unary(() => {
    const info = new plugin.PluginInfo();
    info.setVersion(versions.pulumi);
    return info;
  }),
  // The engine finds a program's packages by the project's `packages`, when their first resource is registered.
  getRequiredPackages: unary(() => new pb.GetRequiredPackagesResponse()),
  run: unary((q: pb.RunRequest, call) => {
    if (engine === undefined) throw new Error("Run before Handshake: where the engine is, is not known");
    return runProgram(q, engine, until(call));
  }),
  installDependencies: streaming(
    (q: pb.InstallDependenciesRequest, call: Parameters<typeof installDependencies>[1]) =>
      installDependencies(q, call, until(call)),
  ),
  about: unary((q: pb.AboutRequest) => {
    const response = new pb.AboutResponse();
    response.setExecutable(interpreter(q.getInfo()));
    return response;
  }),
  getProgramDependencies: unary(() => new pb.GetProgramDependenciesResponse()),
  runtimeOptionsPrompts: unary(() => new pb.RuntimeOptionsResponse()),
  cancel: unary(() => {
    cancelled.abort();
    return new empty.Empty();
  }),
  ...leftOut(),
};

/** Aborted by Cancel, and if the caller disconnects. */
function until(call: { on(event: "cancelled", f: () => void): unknown }): AbortSignal {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  return AbortSignal.any([gone.signal, cancelled.signal]);
}

function leftOut(): UntypedServiceImplementation {
  const refuse = (method: string) => () => Promise.reject(unsupported(method, "language python"));
  const methods = ["generateProject", "generatePackage", "pack", "link"];
  const refused = Object.fromEntries(methods.map((m) => [m, unary(refuse(m))]));
  return { ...refused, runPlugin: streaming(refuse("runPlugin")) };
}

if (process.argv.some((a) => /^--?version$/.test(a))) process.stdout.write(`v${versions.pulumi}\n`);
else void serve(rpc.LanguageRuntimeService, implementation, () => cancelled.abort());
