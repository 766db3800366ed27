// Runs an installing program. What it prints reaches the engine as it comes.
import { spawn } from "node:child_process";
import type { ServerWritableStream } from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { ended } from "./run";

export type InstallCall = ServerWritableStream<pb.InstallDependenciesRequest, pb.InstallDependenciesResponse>;

export async function execute(
  [program = "", ...args]: readonly string[],
  cwd: string,
  call: InstallCall,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (data: Buffer) => send(call, (r) => r.setStdout(data)));
  child.stderr.on("data", (data: Buffer) => send(call, (r) => r.setStderr(data)));
  const code = await ended(child, signal);
  if (code !== 0) throw new Error(`${[program, ...args].join(" ")} failed: exit status ${String(code)}`);
}

export function send(call: InstallCall, fill: (r: pb.InstallDependenciesResponse) => void): void {
  const response = new pb.InstallDependenciesResponse();
  fill(response);
  call.write(response);
}
