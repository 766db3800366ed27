// Starts a plugin's executable as the engine would and speaks gRPC to it, with values in their wire form.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import * as grpc from "@grpc/grpc-js";
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as engineRpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import type * as engine from "@pulumi/pulumi/proto/engine_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Props = { [key: string]: Json };
export interface Schema {
  resources: { [token: string]: { properties: Props } };
  functions: { [token: string]: object };
}
export interface LogLine {
  severity: number;
  message: string;
  urn: string;
  ephemeral: boolean;
}

/** The engine's side: keeps what the plugin logs. */
export class FakeEngine {
  readonly logs: LogLine[] = [];
  private readonly server = new grpc.Server();

  async start(): Promise<string> {
    this.server.addService(engineRpc.EngineService, {
      log: (
        call: grpc.ServerUnaryCall<engine.LogRequest, unknown>,
        done: (e: null, r: empty.Empty) => void,
      ) => {
        const r = call.request;
        this.logs.push({
          severity: r.getSeverity(),
          message: r.getMessage(),
          urn: r.getUrn(),
          ephemeral: r.getEphemeral(),
        });
        done(null, new empty.Empty());
      },
    });
    const port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (e, p) =>
        e ? reject(e) : resolve(p),
      ),
    );
    return `127.0.0.1:${String(port)}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }
}

/** Waits for the port on the first line of stdout, at most 20 s. */
export async function spawnPlugin(
  path: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ child: ChildProcess; port: string; stderr: () => string }> {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let out = "";
  let err = "";
  child.stderr.on("data", (d: Buffer) => (err += d.toString()));
  const port = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${path}: no port after 20 s: ${err}`)), 20_000);
    child.stdout.on("data", (d: Buffer) => {
      out += d.toString();
      const line = /^(\d+)\r?\n/.exec(out);
      if (line) resolve((clearTimeout(timer), line[1]));
    });
    child.once("exit", (code) => reject(new Error(`${path}: exited with ${String(code)}: ${err}`)));
    child.once("error", reject);
  });
  return { child, port, stderr: () => err };
}

export const struct = (p: Props): Struct => Struct.fromJavaScript(p);
const json = (s: Struct | undefined): Props => (s ? s.toJavaScript() : {});

/** A running resource plugin. */
export class Provider {
  constructor(
    readonly engine: FakeEngine,
    readonly child: ChildProcess,
    readonly client: rpc.ResourceProviderClient,
    readonly stderr: () => string,
  ) {}

  static async start(path: string, env: NodeJS.ProcessEnv = {}): Promise<Provider> {
    const engine = new FakeEngine();
    const address = await engine.start();
    const { child, port, stderr } = await spawnPlugin(path, [address], env);
    const options = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
    const client = new rpc.ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
      options,
    );
    const provider = new Provider(engine, child, client, stderr);
    await provider.configure();
    return provider;
  }

  async stop(): Promise<void> {
    this.client.close();
    this.engine.stop();
    if (this.child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await gone;
  }

  private call<Q, R>(
    method: (q: Q, done: (e: grpc.ServiceError | null, r: R) => void) => unknown,
    q: Q,
  ): Promise<R> {
    return new Promise((resolve, reject) =>
      method.call(this.client, q, (e, r) => (e ? reject(e) : resolve(r))),
    );
  }

  configure(): Promise<pb.ConfigureResponse> {
    const q = new pb.ConfigureRequest();
    q.setArgs(struct({}));
    q.setAcceptsecrets(true);
    q.setAcceptresources(true);
    q.setSendsOldInputs(true);
    q.setSendsOldInputsToDelete(true);
    return this.call<pb.ConfigureRequest, pb.ConfigureResponse>(this.client.configure.bind(this.client), q);
  }

  async check(urn: string, news: Props, olds: Props = {}): Promise<{ inputs: Props; failures: string[] }> {
    const q = new pb.CheckRequest();
    q.setUrn(urn);
    q.setOlds(struct(olds));
    q.setNews(struct(news));
    const r = await this.call<pb.CheckRequest, pb.CheckResponse>(this.client.check.bind(this.client), q);
    return {
      inputs: json(r.getInputs()),
      failures: r.getFailuresList().map((f) => `${f.getProperty()}: ${f.getReason()}`),
    };
  }

  async diff(
    urn: string,
    olds: Props,
    oldInputs: Props,
    news: Props,
    ignore: string[] = [],
  ): Promise<pb.DiffResponse.AsObject> {
    const q = new pb.DiffRequest();
    q.setId("id-1");
    q.setUrn(urn);
    q.setOlds(struct(olds));
    q.setOldInputs(struct(oldInputs));
    q.setNews(struct(news));
    q.setIgnorechangesList(ignore);
    return (
      await this.call<pb.DiffRequest, pb.DiffResponse>(this.client.diff.bind(this.client), q)
    ).toObject();
  }

  async create(
    urn: string,
    inputs: Props,
    o: { preview?: boolean; timeout?: number } = {},
  ): Promise<{ id: string; state: Props }> {
    const q = new pb.CreateRequest();
    q.setUrn(urn);
    q.setProperties(struct(inputs));
    q.setPreview(o.preview ?? false);
    q.setTimeout(o.timeout ?? 0);
    const r = await this.call<pb.CreateRequest, pb.CreateResponse>(this.client.create.bind(this.client), q);
    return { id: r.getId(), state: json(r.getProperties()) };
  }

  async update(
    urn: string,
    olds: Props,
    oldInputs: Props,
    news: Props,
    o: { preview?: boolean; timeout?: number; ignore?: string[] } = {},
  ): Promise<Props> {
    const q = new pb.UpdateRequest();
    q.setId("id-1");
    q.setUrn(urn);
    q.setOlds(struct(olds));
    q.setOldInputs(struct(oldInputs));
    q.setNews(struct(news));
    q.setPreview(o.preview ?? false);
    q.setTimeout(o.timeout ?? 0);
    q.setIgnorechangesList(o.ignore ?? []);
    return json(
      (
        await this.call<pb.UpdateRequest, pb.UpdateResponse>(this.client.update.bind(this.client), q)
      ).getProperties(),
    );
  }

  async delete(urn: string, state: Props, oldInputs: Props, o: { timeout?: number } = {}): Promise<void> {
    const q = new pb.DeleteRequest();
    q.setId("id-1");
    q.setUrn(urn);
    q.setProperties(struct(state));
    q.setOldInputs(struct(oldInputs));
    q.setTimeout(o.timeout ?? 0);
    await this.call<pb.DeleteRequest, empty.Empty>(this.client.delete.bind(this.client), q);
  }

  async read(
    urn: string,
    id: string,
    state: Props,
    inputs: Props,
  ): Promise<{ id: string; state: Props; inputs: Props }> {
    const q = new pb.ReadRequest();
    q.setId(id);
    q.setUrn(urn);
    q.setProperties(struct(state));
    q.setInputs(struct(inputs));
    const r = await this.call<pb.ReadRequest, pb.ReadResponse>(this.client.read.bind(this.client), q);
    return { id: r.getId(), state: json(r.getProperties()), inputs: json(r.getInputs()) };
  }

  async invoke(tok: string, args: Props): Promise<{ result: Props; failures: string[] }> {
    const q = new pb.InvokeRequest();
    q.setTok(tok);
    q.setArgs(struct(args));
    const r = await this.call<pb.InvokeRequest, pb.InvokeResponse>(this.client.invoke.bind(this.client), q);
    return {
      result: json(r.getReturn()),
      failures: r.getFailuresList().map((f) => `${f.getProperty()}: ${f.getReason()}`),
    };
  }

  async cancel(): Promise<void> {
    await this.call<empty.Empty, empty.Empty>(this.client.cancel.bind(this.client), new empty.Empty());
  }

  async schema(): Promise<Schema> {
    const method = this.client.getSchema.bind(this.client);
    const r = await this.call<pb.GetSchemaRequest, pb.GetSchemaResponse>(method, new pb.GetSchemaRequest());
    return JSON.parse(r.getSchema()) as Schema;
  }

  async version(): Promise<string> {
    const info = await this.call<empty.Empty, { getVersion(): string }>(
      this.client.getPluginInfo.bind(this.client),
      new empty.Empty(),
    );
    return info.getVersion();
  }
}
