// command:local:Command and command:local:run: runs a command on this machine.
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import type { Outputs, Runner } from "./command";
import { archiveOf, filesOf } from "./files";
import { Output, quoted } from "./lines";
import type { Context } from "../lib/provider";
import { asText, isObject, reveal } from "../lib/value";
import type { Props, Value } from "../lib/value";

export const runLocal: Runner = async (command, inputs, previous, context) => {
  const given = plain(inputs);
  const dir = typeof given.dir === "string" ? given.dir : process.cwd();
  const [program = "", ...args] = [...interpreter(given), command];
  const output = new Output(typeof given.logging === "string" ? given.logging : undefined, context.log);
  const failure = await execute(
    program,
    args,
    dir,
    environment(given, previous),
    given.stdin,
    output,
    context,
  );
  output.end();
  if (failure !== undefined) throw new Error(`${failure}: running ${quoted(command)}:\n${output.both()}`);
  const result: Outputs & { assets?: Props; archive?: Value } = {
    stdout: output.text("stdout"),
    stderr: output.text("stderr"),
  };
  if (Array.isArray(given.assetPaths)) result.assets = filesOf(dir, given.assetPaths.map(String));
  if (Array.isArray(given.archivePaths))
    result.archive = archiveOf(filesOf(dir, given.archivePaths.map(String)));
  return result;
};

function plain(inputs: Props): Props {
  const all = reveal(inputs);
  return isObject(all) ? all : {};
}

function interpreter(given: Props): string[] {
  const own = Array.isArray(given.interpreter) ? given.interpreter.map(String) : [];
  return own.length > 0 ? own : ["/bin/sh", "-c"];
}

function environment(given: Props, previous: Outputs): NodeJS.ProcessEnv {
  const own = isObject(given.environment) ? given.environment : {};
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries(own)) env[name] = asText(value);
  if (given.addPreviousOutputInEnv === false) return env;
  if (previous.stdout !== "") env.PULUMI_COMMAND_STDOUT = previous.stdout;
  if (previous.stderr !== "") env.PULUMI_COMMAND_STDERR = previous.stderr;
  return env;
}

/** Returns the error in Go's words, undefined if the command succeeded. */
function execute(
  program: string,
  args: string[],
  dir: string,
  env: NodeJS.ProcessEnv,
  stdin: Value | undefined,
  output: Output,
  context: Context,
): Promise<string | undefined> {
  if (context.signal.aborted) throw context.signal.reason;
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    return Promise.resolve(`chdir ${dir}: no such file or directory`);
  }
  // Its own process group: if the operation is cancelled, the command's children end too.
  const child = spawn(program, args, { cwd: dir, env, detached: true });
  const end = (): void => void (child.pid !== undefined && kill(-child.pid));
  context.signal.addEventListener("abort", end, { once: true });
  child.stdout.on("data", (d: Buffer) => output.add("stdout", d));
  child.stderr.on("data", (d: Buffer) => output.add("stderr", d));
  child.stdin.on("error", () => undefined); // the command may not read it
  child.stdin.end(typeof stdin === "string" ? stdin : "");
  return new Promise<string | undefined>((resolve) => {
    child.once("error", (e: NodeJS.ErrnoException) => resolve(startError(program, e)));
    child.once("close", (code, signal) => resolve(exitText(code, signal)));
  }).finally(() => context.signal.removeEventListener("abort", end));
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // already ended
  }
}

function startError(program: string, e: NodeJS.ErrnoException): string {
  const missing = e.code === "ENOENT" ? "no such file or directory" : e.message;
  if (program.includes("/")) return `fork/exec ${program}: ${missing}`;
  return `exec: ${quoted(program)}: ${e.code === "ENOENT" ? "executable file not found in $PATH" : e.message}`;
}

// Go's syscall.Signal.String() on Linux, for signals that end a command
const signals: { [name: string]: string } = {
  SIGABRT: "aborted",
  SIGALRM: "alarm clock",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGHUP: "hangup",
  SIGILL: "illegal instruction",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

function exitText(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `signal: ${signals[signal] ?? signal}`;
  return code === 0 ? undefined : `exit status ${String(code)}`;
}
