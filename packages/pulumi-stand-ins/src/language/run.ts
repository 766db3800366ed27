// Runs a program: a Node.js process that loads the SDK's cmd/run.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { locateModule } from "./modules";
import { optionsEnvironment, optionsOf } from "./options";
import { messageOf, unsupported } from "../lib/errors";

/** The program's exit code if it failed and has already printed why. */
const toldTheUser = 32;
/** From SIGINT to SIGKILL, ms. */
const patience = 5000;

const outOfMemory = /<--- Last few GCs --->|Check failed: needs_context && current_scope_ == closure_scope_/;
const outOfMemoryAdvice =
  "Detected a possible out of memory error. Consider increasing the memory available to the nodejs process " +
  "by setting the `nodeargs` runtime option in Pulumi.yaml to `nodeargs: --max-old-space-size=<size>` where " +
  "`<size>` is the maximum memory in megabytes that can be allocated to nodejs. " +
  "See https://www.pulumi.com/docs/concepts/projects/project-file/#runtime-options";

export async function runProgram(
  q: pb.RunRequest,
  engine: string,
  signal: AbortSignal,
): Promise<pb.RunResponse> {
  if (q.getAttachDebugger()) throw unsupported("--attach-debugger", "language nodejs");
  const response = new pb.RunResponse();
  try {
    const { code, memory } = await execute(q, engine, signal);
    if (code === toldTheUser) response.setBail(true);
    else if (code !== 0) response.setError(exitMessage(code, memory));
  } catch (e) {
    response.setError(messageOf(e));
  }
  return response;
}

function exitMessage(code: number, memory: boolean): string {
  const said = `Program exited with non-zero exit code: ${String(code)}`;
  return memory ? `${said}. ${outOfMemoryAdvice}` : said;
}

async function execute(
  q: pb.RunRequest,
  engine: string,
  signal: AbortSignal,
): Promise<{ code: number; memory: boolean }> {
  const info = q.getInfo() ?? new pb.ProgramInfo();
  const options = optionsOf(info);
  const module = runPath("@pulumi/pulumi/cmd/run");
  const script = locateModule(module, info.getProgramDirectory(), false);
  const env = { ...process.env, ...configEnvironment(q), ...optionsEnvironment(options) };
  const args = [...options.nodeargs, script, ...programArguments(q, info, engine)];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "inherit", "pipe"] });
  let memory = false;
  let tail = "";
  child.stderr.on("data", (data: Buffer) => {
    process.stderr.write(data);
    tail = (tail + data.toString("latin1")).slice(-4096);
    memory ||= outOfMemory.test(tail);
  });
  return { code: await ended(child, signal), memory };
}

/** The exit code, once the output is complete; -1 if a signal ended it. Cancel sends SIGINT, then SIGKILL. */
export async function ended(child: ChildProcess, signal: AbortSignal): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    child.kill("SIGINT");
    timer = setTimeout(() => child.kill("SIGKILL"), patience);
  };
  const end = new Promise<number>((resolve, reject) => {
    child.once("error", (e) =>
      reject(new Error(`Problem executing program (could not run language executor): ${e.message}`)),
    );
    child.once("close", (code) => resolve(code ?? -1));
  });
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt, { once: true });
  try {
    return await end;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
  }
}

/** The module that runs a program. The SDK's own tests set the variable. */
export function runPath(usual: string): string {
  const own = process.env.PULUMI_LANGUAGE_NODEJS_RUN_PATH ?? "";
  return own === "" ? usual : own;
}

function programArguments(q: pb.RunRequest, info: pb.ProgramInfo, engine: string): string[] {
  const named: [string, string][] = [
    ["monitor", q.getMonitorAddress()],
    ["engine", engine],
    ["organization", q.getOrganization()],
    ["project", q.getProject()],
    ["root-directory", info.getRootDirectory()],
    ["stack", q.getStack()],
    ["pwd", info.getProgramDirectory()],
  ];
  return [
    ...named.flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
    ...(q.getDryrun() ? ["--dry-run"] : []),
    "--parallel",
    String(q.getParallel()),
    info.getEntryPoint(),
    ...q.getArgsList(),
  ];
}

/** Passes `a:b` on as `a:config:b`, as the vendor's host does for old SDKs. */
function configEnvironment(q: pb.RunRequest): NodeJS.ProcessEnv {
  const config: { [key: string]: string } = {};
  q.getConfigMap().forEach((value: string, key: string) => (config[legacyKey(key)] = value));
  return {
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(q.getConfigsecretkeysList()),
  };
}

function legacyKey(key: string): string {
  const parts = key.split(":");
  const [namespace = "", name = ""] =
    parts.length === 3 && parts[1] === "config" ? [parts[0], parts[2]] : parts;
  if (parts.length === 2 || parts[1] === "config") return `${namespace}:config:${name}`;
  const form = "configuration keys should be of the form `<namespace>:<name>`";
  throw new Error(
    `failed to serialize configuration: could not parse ${key} as a configuration key (${form})`,
  );
}
