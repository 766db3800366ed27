import { status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";

/** An error that reaches the engine with its gRPC code. */
export class RpcError extends Error {
  constructor(
    readonly code: status,
    message: string,
  ) {
    super(message);
  }
}

export function notFound(message: string): RpcError {
  return new RpcError(status.NOT_FOUND, message);
}

/** For what a stand-in leaves out. */
export function unsupported(what: string, plugin: string): RpcError {
  return new RpcError(
    status.UNIMPLEMENTED,
    `${what} is not part of vxlab's stand-in for the ${plugin} plugin. Install the vendor's, which has it: ` +
      `pulumi plugin install resource ${plugin} (on a machine that reaches get.pulumi.com), ` +
      `or put its executable on PATH.`,
  );
}

export function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}

/** As grpc-js expects it. Without the stack, which the engine would print. */
export function toServiceError(e: unknown): Partial<ServiceError> {
  const code = e instanceof RpcError ? e.code : status.UNKNOWN;
  return { code, details: messageOf(e) };
}
