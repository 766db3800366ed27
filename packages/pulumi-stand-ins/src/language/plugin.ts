// Runs a plugin written for Node.js: a folder with a PulumiPlugin.yaml, or a policy pack (PulumiPolicy.yaml).
import { spawn } from "node:child_process";
import type { ServerWritableStream } from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { locateModule } from "./modules";
import { optionsEnvironment, optionsOf } from "./options";
import { ended, runPath } from "./run";
import { unsupported } from "../lib/errors";

type Call = ServerWritableStream<pb.RunPluginRequest, pb.RunPluginResponse>;

/**
 * Unlike with the vendor's host, a policy pack does not get the stack's configuration (PULUMI_CONFIG): the vendor's host is
 * a proxy between engine and pack. The pack's own configuration (--policy-pack-config) needs no proxy.
 */
export async function runPlugin(q: pb.RunPluginRequest, call: Call, signal: AbortSignal): Promise<void> {
  if (q.getAttachDebugger()) throw unsupported("--attach-debugger", "language nodejs");
  const info = q.getInfo() ?? new pb.ProgramInfo();
  const dir = info.getProgramDirectory();
  const options = optionsOf(info);
  const pack = q.getKind() === "analyzer";
  const module = pack ? "@pulumi/pulumi/cmd/run-policy-pack" : runPath("@pulumi/pulumi/cmd/run-plugin");
  // A policy pack's folder is the last argument and the working directory.
  const words = pack ? [...q.getArgsList(), dir] : [dir, ...q.getArgsList()];
  const args = [locateModule(module, dir, true), ...options.nodeargs, ...words];
  const env = { ...environment(q.getEnvList()), ...optionsEnvironment(options) };
  const cwd = pack ? dir : q.getPwd() === "" ? undefined : q.getPwd();
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (data: Buffer) => send(call, (r) => r.setStdout(data)));
  child.stderr.on("data", (data: Buffer) => send(call, (r) => r.setStderr(data)));
  const code = await ended(child, signal);
  if (code !== 0) throw new Error(`Program exited with non-zero exit code: ${String(code)}`);
}

function send(call: Call, fill: (r: pb.RunPluginResponse) => void): void {
  const response = new pb.RunPluginResponse();
  fill(response);
  call.write(response);
}

function environment(list: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    list.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}
