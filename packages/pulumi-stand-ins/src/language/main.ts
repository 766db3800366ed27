// pulumi-language-nodejs: stands in for the CLI's own language host.
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { installDependencies, dependencies, onPath, packageManager, versionOf } from "./install";
import { installed, pluginOf } from "./modules";
import type { PluginNeed } from "./modules";
import { optionsOf, packageManagers } from "./options";
import { runPlugin } from "./plugin";
import { runProgram } from "./run";
import { unsupported } from "../lib/errors";
import { engineAddress, serve, streaming, unary } from "../lib/serve";
import { versions } from "../versions";

class Host {
  private readonly cancelled = new AbortController();

  constructor(private engine: string | undefined) {}

  implementation(): UntypedServiceImplementation {
    return {
      handshake: unary((q: pb.LanguageHandshakeRequest) => {
        this.engine = q.getEngineAddress();
        return new pb.LanguageHandshakeResponse();
      }),
      getPluginInfo: unary(() => {
        const info = new plugin.PluginInfo();
        info.setVersion(versions.pulumi);
        return info;
      }),
      getRequiredPackages: unary(requiredPackages),
      run: unary((q: pb.RunRequest, call) => {
        if (this.engine === undefined)
          throw new Error("when debugging or running explicitly, must call Handshake before Run");
        return runProgram(q, this.engine, this.until(call));
      }),
      runPlugin: streaming((q: pb.RunPluginRequest, call: Parameters<typeof runPlugin>[1]) =>
        runPlugin(q, call, this.until(call)),
      ),
      installDependencies: streaming(
        (q: pb.InstallDependenciesRequest, call: Parameters<typeof installDependencies>[1]) =>
          installDependencies(q, call, this.until(call)),
      ),
      about: unary(about),
      getProgramDependencies: unary(programDependencies),
      runtimeOptionsPrompts: unary(runtimeOptionsPrompts),
      template: unary(() => new pb.TemplateResponse()),
      cancel: unary(() => {
        this.cancel();
        return new empty.Empty();
      }),
      ...leftOut(),
    };
  }

  /** Interrupts all running programs. */
  cancel(): void {
    this.cancelled.abort();
  }

  /** Aborted by Cancel, and if the caller disconnects. */
  private until(call: { on(event: "cancelled", f: () => void): unknown }): AbortSignal {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    return AbortSignal.any([gone.signal, this.cancelled.signal]);
  }
}

/** Methods that generate code: the generators are part of the vendor's host, which is a Go program. */
function leftOut(): UntypedServiceImplementation {
  const methods = ["generateProgram", "generateProject", "generatePackage", "pack", "link"];
  return Object.fromEntries(
    methods.map((m) => [m, unary(() => Promise.reject(unsupported(m, "language nodejs")))]),
  );
}

function requiredPackages(q: pb.GetRequiredPackagesRequest): pb.GetRequiredPackagesResponse {
  const response = new pb.GetRequiredPackagesResponse();
  for (const manifest of installed(q.getInfo()?.getProgramDirectory() ?? "")) {
    const need = pluginOf(manifest);
    if (need) response.addPackages(dependency(need));
  }
  return response;
}

function dependency(need: PluginNeed): plugin.PackageDependency {
  const out = new plugin.PackageDependency();
  out.setName(need.name);
  out.setKind("resource");
  out.setVersion(need.version);
  out.setServer(need.server);
  if (need.parameterization) {
    const p = new plugin.PackageParameterization();
    p.setName(need.parameterization.name);
    p.setVersion(need.parameterization.version);
    p.setValue(need.parameterization.value);
    out.setParameterization(p);
  }
  return out;
}

function about(q: pb.AboutRequest): pb.AboutResponse {
  const manager = packageManager(q.getInfo(), q.getInfo()?.getProgramDirectory() ?? "");
  const response = new pb.AboutResponse();
  response.setExecutable(process.execPath);
  response.setVersion(process.version);
  response.getMetadataMap().set("packagemanager", manager);
  response.getMetadataMap().set("packagemanagerVersion", versionOf(manager));
  return response;
}

function programDependencies(q: pb.GetProgramDependenciesRequest): pb.GetProgramDependenciesResponse {
  const response = new pb.GetProgramDependenciesResponse();
  const found = dependencies(q.getInfo()?.getProgramDirectory() ?? "", q.getTransitivedependencies());
  for (const { name, version: v } of found) {
    const info = new pb.DependencyInfo();
    info.setName(name);
    info.setVersion(v);
    response.addDependencies(info);
  }
  return response;
}

function runtimeOptionsPrompts(q: pb.RuntimeOptionsRequest): pb.RuntimeOptionsResponse {
  const response = new pb.RuntimeOptionsResponse();
  if (optionsOf(q.getInfo()).packagemanager !== "auto") return response;
  const value = (name: string): pb.RuntimeOptionPrompt.RuntimeOptionValue => {
    const v = new pb.RuntimeOptionPrompt.RuntimeOptionValue();
    v.setPrompttype(pb.RuntimeOptionPrompt.RuntimeOptionType.STRING);
    v.setStringvalue(name);
    v.setDisplayname(onPath(name) === undefined ? `${name} [not found]` : name);
    return v;
  };
  const prompt = new pb.RuntimeOptionPrompt();
  prompt.setKey("packagemanager");
  prompt.setDescription("The package manager to use for installing dependencies");
  prompt.setPrompttype(pb.RuntimeOptionPrompt.RuntimeOptionType.STRING);
  const missing = (name: string): number => (onPath(name) === undefined ? 1 : 0);
  prompt.setChoicesList([...packageManagers].sort((a, b) => missing(a) - missing(b)).map(value));
  prompt.setDefault(value("npm"));
  response.addPrompts(prompt);
  return response;
}

if (process.argv.some((a) => /^--?version$/.test(a))) {
  process.stdout.write(`v${versions.pulumi}\n`);
} else {
  const host = new Host(engineAddress(process.argv.slice(2)));
  void serve(rpc.LanguageRuntimeService, host.implementation(), () => host.cancel());
}
