// pulumi-language-python: runs Python programs, and nothing else. The user creates virtual environments and installs packages.
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { interpreter, runProgram } from "./run";
import { unsupported } from "../lib/errors";
import { engineAddress, serve, unary } from "../lib/serve";
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
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    return runProgram(q, engine, AbortSignal.any([gone.signal, cancelled.signal]));
  }),
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

function leftOut(): UntypedServiceImplementation {
  const methods = ["installDependencies", "runPlugin", "generateProject", "generatePackage", "pack", "link"];
  return Object.fromEntries(
    methods.map((m) => [m, unary(() => Promise.reject(unsupported(m, "language python")))]),
  );
}

if (process.argv.some((a) => /^--?version$/.test(a))) process.stdout.write(`v${versions.pulumi}\n`);
else void serve(rpc.LanguageRuntimeService, implementation, () => cancelled.abort());
