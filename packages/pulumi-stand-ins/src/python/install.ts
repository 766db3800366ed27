// Makes the virtual environment in Pulumi.yaml (`runtime.options.virtualenv`), and installs requirements.txt in it.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as pb from "@pulumi/pulumi/proto/language_pb";
import { execute } from "../language/installer";
import type { InstallCall } from "../language/installer";
import { interpreter } from "./run";

export async function installDependencies(
  q: pb.InstallDependenciesRequest,
  call: InstallCall,
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
