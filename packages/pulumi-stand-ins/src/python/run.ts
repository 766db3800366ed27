// Runs a program: a Python process that loads the SDK and then the program (run.py).
import { spawn } from "node:child_process";
import { isAbsolute, join } from "node:path";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { ended } from "../language/run";
import { messageOf, unsupported } from "../lib/errors";
import { fromStruct } from "../lib/value";

/** The program's exit code if it failed and has already printed why. */
const toldTheUser = 32;

export async function runProgram(
  q: pb.RunRequest,
  engine: string,
  signal: AbortSignal,
): Promise<pb.RunResponse> {
  if (q.getAttachDebugger()) throw unsupported("--attach-debugger", "language python");
  const response = new pb.RunResponse();
  try {
    const code = await execute(q, engine, signal);
    if (code === toldTheUser) response.setBail(true);
    else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${String(code)}`);
  } catch (e) {
    response.setError(messageOf(e));
  }
  return response;
}

/** From the virtual environment in Pulumi.yaml (`runtime.options.virtualenv`), else from PATH. */
export function interpreter(info: pb.ProgramInfo | undefined): string {
  const { virtualenv } = fromStruct(info?.getOptions());
  if (typeof virtualenv !== "string" || virtualenv === "") return "python3";
  const folder = isAbsolute(virtualenv) ? virtualenv : join(info?.getRootDirectory() ?? "", virtualenv);
  return join(folder, "bin", "python");
}

function execute(q: pb.RunRequest, engine: string, signal: AbortSignal): Promise<number> {
  const info = q.getInfo() ?? new pb.ProgramInfo();
  const settings = {
    monitor: q.getMonitorAddress(),
    engine,
    organization: q.getOrganization(),
    project: q.getProject(),
    root_directory: info.getRootDirectory(),
    stack: q.getStack(),
    dry_run: q.getDryrun(),
    parallel: q.getParallel(),
  };
  const config: { [key: string]: string } = {};
  q.getConfigMap().forEach((value: string, key: string) => (config[key] = value));
  const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(q.getConfigsecretkeysList()),
  };
  const script = join(__dirname, "run.py");
  const program = join(info.getProgramDirectory(), info.getEntryPoint());
  const args = ["-u", script, JSON.stringify(settings), program, ...q.getArgsList()];
  const cwd = info.getProgramDirectory();
  const child = spawn(interpreter(info), args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  return ended(child, signal);
}
