// Makes the virtual environment in Pulumi.yaml (`runtime.options.virtualenv`), and installs requirements.txt in it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ServerWritableStream } from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { ended } from "../language/run";
import { interpreter } from "./run";

type Call = ServerWritableStream<pb.InstallDependenciesRequest, pb.InstallDependenciesResponse>;

export async function installDependencies(
  q: pb.InstallDependenciesRequest,
  call: Call,
  signal: AbortSignal,
): Promise<void> {
  const folder = q.getInfo()?.getProgramDirectory() ?? "";
  const python = interpreter(q.getInfo());
  const steps: string[][] = [];
  // Without the option the program runs with the python3 on PATH, whose packages are the user's.
  if (python !== "python3" && !existsSync(python))
    steps.push(["python3", "-m", "venv", dirname(dirname(python))]);
  if (python !== "python3" && existsSync(join(folder, "requirements.txt")))
    steps.push([python, "-m", "pip", "install", "-r", "requirements.txt"]);
  for (const step of steps) await execute(step, folder, call, signal);
}

async function execute(step: string[], cwd: string, call: Call, signal: AbortSignal): Promise<void> {
  const [program = "", ...args] = step;
  const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (data: Buffer) => send(call, (r) => r.setStdout(data)));
  child.stderr.on("data", (data: Buffer) => send(call, (r) => r.setStderr(data)));
  const code = await ended(child, signal);
  if (code !== 0) throw new Error(`${step.join(" ")} failed: exit status ${String(code)}`);
}

function send(call: Call, fill: (r: pb.InstallDependenciesResponse) => void): void {
  const response = new pb.InstallDependenciesResponse();
  fill(response);
  call.write(response);
}
