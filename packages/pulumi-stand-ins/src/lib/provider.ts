// The gRPC server that all resource plugins share. A `Provider` implements the plugin itself.
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { Operations } from "./cancel";
import type { Change } from "./diff";
import { rootOf } from "./diff";
import { EngineLog, Logger } from "./engine";
import { engineAddress, serve, unary } from "./serve";
import type { Props } from "./value";
import { fromStruct, toStruct } from "./value";

export interface Failure {
  property: string;
  reason: string;
}

export interface DiffResult {
  changes: Map<string, Change>;
  /** The paths among `changes` that replace the resource. */
  replaces: Set<string>;
  hasChanges: boolean;
  /** True if `changes` is complete; otherwise the engine compares the inputs for a preview. */
  detailed: boolean;
}

export interface Context {
  /** The resource's name, from its URN. */
  name: string;
  preview: boolean;
  signal: AbortSignal;
  log: Logger;
}

export interface Resource {
  check(news: Props, olds: Props): { inputs: Props; failures: Failure[] };
  diff(state: Props, oldInputs: Props, news: Props, ignore: readonly string[]): DiffResult;
  create(inputs: Props, context: Context): Promise<{ id: string; state: Props }>;
  update(state: Props, inputs: Props, ignore: readonly string[], context: Context): Promise<Props>;
  delete(state: Props, context: Context): Promise<void>;
  read(id: string, state: Props, inputs: Props): { id: string; state: Props; inputs: Props };
}

export interface Provider {
  version: string;
  /** Accepts secrets as inputs. If false, the engine removes the marks and adds them to the results. */
  acceptSecrets: boolean;
  schema: object;
  /** @throws RpcError for an unknown type */
  resource(type: string): Resource;
  invoke(token: string, args: Props, context: Context): Promise<{ result: Props; failures: Failure[] }>;
}

// urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME; a name may contain anything, "::" too
function parseUrn(urn: string): { type: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
}

export async function serveProvider(provider: Provider): Promise<void> {
  const log = new EngineLog(engineAddress(process.argv.slice(2)));
  const server = new Server(provider, log);
  await serve(rpc.ResourceProviderService, server.implementation());
}

type Request = { getUrn(): string; getTimeout(): number };

class Server {
  private readonly operations = new Operations();

  constructor(
    private readonly provider: Provider,
    private readonly log: EngineLog,
  ) {}

  implementation(): UntypedServiceImplementation {
    return {
      handshake: unary((q: pb.ProviderHandshakeRequest) => this.handshake(q)),
      getPluginInfo: unary(() => {
        const info = new plugin.PluginInfo();
        info.setVersion(this.provider.version);
        return info;
      }),
      attach: unary((q: plugin.PluginAttach) => {
        this.log.use(q.getAddress());
        return new empty.Empty();
      }),
      getSchema: unary(() => {
        const response = new pb.GetSchemaResponse();
        response.setSchema(JSON.stringify(this.provider.schema));
        return response;
      }),
      checkConfig: unary((q: pb.CheckRequest) => checked(fromStruct(q.getNews()), [])),
      diffConfig: unary(() =>
        diffed({ changes: new Map(), replaces: new Set(), hasChanges: false, detailed: true }),
      ),
      configure: unary(() => this.configured()),
      cancel: unary(() => {
        this.operations.cancel();
        return new empty.Empty();
      }),
      ...this.resourceMethods(),
    };
  }

  private resourceMethods(): UntypedServiceImplementation {
    return {
      check: unary((q: pb.CheckRequest) => {
        const r = this.resource(q).check(fromStruct(q.getNews()), fromStruct(q.getOlds()));
        return checked(r.inputs, r.failures);
      }),
      diff: unary((q: pb.DiffRequest) => {
        const [state, olds, news] = [q.getOlds(), q.getOldInputs(), q.getNews()].map(fromStruct);
        return diffed(this.resource(q).diff(state ?? {}, olds ?? {}, news ?? {}, q.getIgnorechangesList()));
      }),
      create: unary((q: pb.CreateRequest) => this.create(q)),
      update: unary((q: pb.UpdateRequest) => this.update(q)),
      delete: unary(async (q: pb.DeleteRequest) => {
        const state = fromStruct(q.getProperties());
        await this.operate(q, false, (context) => this.resource(q).delete(state, context));
        return new empty.Empty();
      }),
      read: unary((q: pb.ReadRequest) => this.read(q)),
      invoke: unary((q: pb.InvokeRequest) => this.invoke(q)),
    };
  }

  private resource(q: { getUrn(): string }): Resource {
    return this.provider.resource(parseUrn(q.getUrn()).type);
  }

  /** Runs an operation with its time limit. Its messages are sent before its answer. */
  private async operate<T>(q: Request, preview: boolean, f: (c: Context) => Promise<T>): Promise<T> {
    const logger = new Logger(this.log, q.getUrn());
    const name = parseUrn(q.getUrn()).name;
    try {
      return await this.operations.run(q.getTimeout(), (signal) => f({ name, preview, signal, log: logger }));
    } finally {
      await this.log.flush();
    }
  }

  private handshake(q: pb.ProviderHandshakeRequest): pb.ProviderHandshakeResponse {
    this.log.use(q.getEngineAddress());
    const response = new pb.ProviderHandshakeResponse();
    response.setAcceptSecrets(this.provider.acceptSecrets);
    response.setAcceptResources(true);
    return response;
  }

  private configured(): pb.ConfigureResponse {
    const response = new pb.ConfigureResponse();
    response.setAcceptsecrets(this.provider.acceptSecrets);
    response.setSupportspreview(true);
    response.setAcceptresources(true);
    return response;
  }

  private async create(q: pb.CreateRequest): Promise<pb.CreateResponse> {
    const inputs = fromStruct(q.getProperties());
    const made = await this.operate(q, q.getPreview(), (context) => this.resource(q).create(inputs, context));
    const response = new pb.CreateResponse();
    response.setId(made.id);
    response.setProperties(toStruct(made.state));
    return response;
  }

  private async update(q: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const [state, news] = [fromStruct(q.getOlds()), fromStruct(q.getNews())];
    const ignore = q.getIgnorechangesList();
    const now = await this.operate(q, q.getPreview(), (context) =>
      this.resource(q).update(state, news, ignore, context),
    );
    const response = new pb.UpdateResponse();
    response.setProperties(toStruct(now));
    return response;
  }

  private read(q: pb.ReadRequest): pb.ReadResponse {
    const read = this.resource(q).read(q.getId(), fromStruct(q.getProperties()), fromStruct(q.getInputs()));
    const response = new pb.ReadResponse();
    response.setId(read.id);
    response.setProperties(toStruct(read.state));
    response.setInputs(toStruct(read.inputs));
    return response;
  }

  private async invoke(q: pb.InvokeRequest): Promise<pb.InvokeResponse> {
    const request: Request = { getUrn: () => "", getTimeout: () => 0 };
    const r = await this.operate(request, q.getPreview(), (context) =>
      this.provider.invoke(q.getTok(), fromStruct(q.getArgs()), context),
    );
    const response = new pb.InvokeResponse();
    response.setReturn(toStruct(r.result));
    response.setFailuresList(r.failures.map(failure));
    return response;
  }
}

function failure(f: Failure): pb.CheckFailure {
  const out = new pb.CheckFailure();
  out.setProperty(f.property);
  out.setReason(f.reason);
  return out;
}

function checked(inputs: Props, failures: Failure[]): pb.CheckResponse {
  const response = new pb.CheckResponse();
  response.setInputs(toStruct(inputs));
  response.setFailuresList(failures.map(failure));
  return response;
}

function diffed(result: DiffResult): pb.DiffResponse {
  const { Kind } = pb.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const response = new pb.DiffResponse();
  const { DIFF_SOME, DIFF_NONE } = pb.DiffResponse.DiffChanges;
  response.setChanges(result.hasChanges ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(result.detailed);
  response.setDiffsList([...new Set([...result.changes.keys()].map(rootOf))]);
  response.setReplacesList([...new Set([...result.replaces].map(rootOf))]);
  for (const [path, change] of result.detailed ? result.changes : []) {
    const property = new pb.PropertyDiff();
    property.setKind(kinds[change][result.replaces.has(path) ? 1 : 0]);
    response.getDetaileddiffMap().set(path, property);
  }
  return response;
}
