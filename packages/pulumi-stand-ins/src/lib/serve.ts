// Starts a plugin's gRPC server: listens on a free port of 127.0.0.1 and prints the port.
import * as grpc from "@grpc/grpc-js";
import type { Message } from "google-protobuf";
import { toServiceError } from "./errors";

// 400 MB, as the vendor's rpcutil.GrpcChannelOptions
const maxMessage = 400 * 1024 * 1024;
export const channelOptions: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": maxMessage,
  "grpc.max_send_message_length": maxMessage,
};

export function unary<Q extends Message, R extends Message>(
  handle: (request: Q, call: grpc.ServerUnaryCall<Q, R>) => R | Promise<R>,
): grpc.handleUnaryCall<Q, R> {
  return (call, done) => {
    Promise.resolve()
      .then(() => handle(call.request, call))
      .then(
        (response) => done(null, response),
        (e: unknown) => done(toServiceError(e)),
      );
  };
}

/** A handler that answers with a stream, which ends when the handler returns. */
export function streaming<Q extends Message, R extends Message>(
  handle: (request: Q, call: grpc.ServerWritableStream<Q, R>) => Promise<void>,
): grpc.handleServerStreamingCall<Q, R> {
  return (call) => {
    Promise.resolve()
      .then(() => handle(call.request, call))
      .then(
        () => call.end(),
        (e: unknown) => call.emit("error", toServiceError(e)),
      );
  };
}

export async function serve(
  service: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
  onOrphaned: () => void = () => undefined,
): Promise<void> {
  const server = new grpc.Server(channelOptions);
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (e, bound) =>
      e ? reject(e) : resolve(bound),
    );
  });
  process.stdout.write(`${String(port)}\n`);
  endWithParent(onOrphaned);
}

/**
 * A killed engine cannot end its plugins, so an orphan would run forever. The vendor's plugins ask the engine every
 * five minutes; this one checks its parent process, which costs nothing.
 */
function endWithParent(onOrphaned: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid === parent) return;
    onOrphaned();
    process.exit(0);
  }, 5000).unref();
}

/** The engine's address: the first argument that is neither an option nor an option's value. */
export function engineAddress(argv: readonly string[]): string | undefined {
  return argv.find((a, i) => !a.startsWith("-") && !/^--?(tracing|runtime|root)$/.test(argv[i - 1] ?? ""));
}
