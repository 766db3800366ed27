// Starts a language host as the CLI would and speaks gRPC to it.
import type { ChildProcess } from "node:child_process";
import * as grpc from "@grpc/grpc-js";
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import * as rpc from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { FakeEngine, spawnPlugin, struct } from "./driver";
import type { Props } from "./driver";

export interface Program {
  dir: string;
  options?: Props;
  entry?: string;
}

export interface RunOptions {
  config?: { [key: string]: string };
  secretKeys?: string[];
  dryRun?: boolean;
}

export class LanguageHost {
  private constructor(
    private readonly engine: FakeEngine,
    readonly child: ChildProcess,
    private readonly client: rpc.LanguageRuntimeClient,
    readonly engineAddress: string,
    readonly stdout: () => string,
    readonly stderr: () => string,
  ) {}

  static async start(path: string, env: NodeJS.ProcessEnv = {}): Promise<LanguageHost> {
    const engine = new FakeEngine();
    const address = await engine.start();
    const { child, port, stderr } = await spawnPlugin(path, [address], env);
    let out = "";
    child.stdout?.on("data", (d: Buffer) => (out += d.toString()));
    const client = new rpc.LanguageRuntimeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    return new LanguageHost(engine, child, client, address, () => out, stderr);
  }

  async stop(): Promise<void> {
    this.client.close();
    this.engine.stop();
    if (this.child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await gone;
  }

  private info(p: Program): pb.ProgramInfo {
    const info = new pb.ProgramInfo();
    info.setRootDirectory(p.dir);
    info.setProgramDirectory(p.dir);
    info.setEntryPoint(p.entry ?? ".");
    info.setOptions(struct(p.options ?? {}));
    return info;
  }

  run(p: Program, o: RunOptions = {}): Promise<pb.RunResponse.AsObject> {
    const q = new pb.RunRequest();
    q.setInfo(this.info(p));
    q.setProject("proj");
    q.setStack("dev");
    q.setOrganization("org");
    q.setPwd(p.dir);
    q.setMonitorAddress("127.0.0.1:9");
    q.setParallel(7);
    q.setDryrun(o.dryRun ?? false);
    for (const [k, v] of Object.entries(o.config ?? {})) q.getConfigMap().set(k, v);
    q.setConfigsecretkeysList(o.secretKeys ?? []);
    q.setArgsList(["extra", "--arg"]);
    return new Promise((resolve, reject) =>
      this.client.run(q, (e, r) => (e ? reject(e) : resolve(r.toObject()))),
    );
  }

  cancel(): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.client.cancel(new empty.Empty(), (e, r) => (e ? reject(e) : resolve(r))),
    );
  }

  version(): Promise<string> {
    return new Promise((resolve, reject) =>
      this.client.getPluginInfo(new empty.Empty(), (e, r: PluginInfo) =>
        e ? reject(e) : resolve(r.getVersion()),
      ),
    );
  }

  packages(
    p: Program,
  ): Promise<{ name: string; kind: string; version: string; server: string; parameter?: string }[]> {
    const q = new pb.GetRequiredPackagesRequest();
    q.setInfo(this.info(p));
    const plain = (
      r: pb.GetRequiredPackagesResponse,
    ): ReturnType<LanguageHost["packages"]> extends Promise<infer T> ? T : never =>
      r.getPackagesList().map((d) => {
        const parameter = d.getParameterization();
        const more = parameter
          ? {
              parameter: `${parameter.getName()} ${parameter.getVersion()} ${Buffer.from(parameter.getValue_asU8()).toString()}`,
            }
          : {};
        return {
          name: d.getName(),
          kind: d.getKind(),
          version: d.getVersion(),
          server: d.getServer(),
          ...more,
        };
      });
    return new Promise((resolve, reject) =>
      this.client.getRequiredPackages(q, (e, r) => (e ? reject(e) : resolve(plain(r)))),
    );
  }

  about(p: Program): Promise<pb.AboutResponse.AsObject> {
    const q = new pb.AboutRequest();
    q.setInfo(this.info(p));
    return new Promise((resolve, reject) =>
      this.client.about(q, (e, r) => (e ? reject(e) : resolve(r.toObject()))),
    );
  }

  dependencies(p: Program, transitive: boolean): Promise<string[]> {
    const q = new pb.GetProgramDependenciesRequest();
    q.setInfo(this.info(p));
    q.setTransitivedependencies(transitive);
    const plain = (r: pb.GetProgramDependenciesResponse): string[] =>
      r.getDependenciesList().map((d) => `${d.getName()} ${d.getVersion()}`);
    return new Promise((resolve, reject) =>
      this.client.getProgramDependencies(q, (e, r) => (e ? reject(e) : resolve(plain(r)))),
    );
  }

  prompts(p: Program): Promise<pb.RuntimeOptionsResponse.AsObject> {
    const q = new pb.RuntimeOptionsRequest();
    q.setInfo(this.info(p));
    return new Promise((resolve, reject) =>
      this.client.runtimeOptionsPrompts(q, (e, r) => (e ? reject(e) : resolve(r.toObject()))),
    );
  }

  install(p: Program): Promise<string> {
    const q = new pb.InstallDependenciesRequest();
    q.setInfo(this.info(p));
    const text = (r: pb.InstallDependenciesResponse): string =>
      Buffer.from(r.getStdout_asU8()).toString() + Buffer.from(r.getStderr_asU8()).toString();
    return collected(this.client.installDependencies(q), text);
  }

  plugin(p: Program, args: string[], env: string[], kind = "resource"): Promise<string> {
    const q = new pb.RunPluginRequest();
    q.setInfo(this.info(p));
    q.setPwd(p.dir);
    q.setArgsList(args);
    q.setEnvList(env);
    q.setKind(kind);
    q.setName("p");
    const text = (r: pb.RunPluginResponse): string =>
      Buffer.from(r.getStdout_asU8()).toString() + Buffer.from(r.getStderr_asU8()).toString();
    return collected(this.client.runPlugin(q), text);
  }

  unimplemented(): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.client.pack(new pb.PackRequest(), (e, r) => (e ? reject(e) : resolve(r))),
    );
  }
}

function collected<T>(stream: grpc.ClientReadableStream<T>, text: (message: T) => string): Promise<string> {
  let all = "";
  stream.on("data", (message: T) => (all += text(message)));
  return new Promise((resolve, reject) => {
    stream.on("end", () => resolve(all));
    stream.on("error", (e: grpc.ServiceError) => reject(new Error(`${e.details}\n${all}`)));
  });
}
