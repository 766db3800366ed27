/** Runs other programs. Every run has a time limit, and a failure reports the last lines of output. */
import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Environment } from "./paths";
import { passSignals, signalCode } from "./signals";

export interface RunOptions {
  cwd?: string;
  env?: Environment;
  /** Time limit, seconds. @default 600 */
  timeout?: number;
  /** Called for each line of stdout and stderr as it is printed. */
  onLine?: (line: string) => void;
  input?: string;
  /** Ends an interactive program by SIGTERM. */
  abort?: AbortSignal;
}

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Set by the CLI to print each program as it is started. */
export const trace: { say: (line: string) => void } = { say: () => undefined };

/** Returns any exit code; 127: no such program, 124: timed out. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  trace.say([command, ...args].join(" "));
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: options.env === undefined ? process.env : { ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined); // the program may end without reading its input
  child.stdin.end(options.input ?? "");
  const stdout = collect(child.stdout, options.onLine);
  const stderr = collect(child.stderr, options.onLine);
  return ending(child, options.timeout ?? 600).then((code) => ({ code, stdout: stdout(), stderr: stderr() }));
}

/** As `run`. Returns stdout. @throws Error for any exit code other than 0 */
export async function must(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  const tail = (stderr.trim() || stdout.trim()).split("\n").slice(-20).join("\n");
  const why = code === 124 ? `did not end within ${options.timeout ?? 600} s` : `ended with code ${code}`;
  throw new Error(`${[command, ...args].join(" ")} ${why}:\n${tail}`);
}

/** Runs an interactive program on this terminal, passes signals on to it, and returns its exit code. */
export function attached(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<number> {
  trace.say([command, ...args].join(" "));
  const env = options.env === undefined ? process.env : { ...options.env };
  const child = spawn(command, [...args], { cwd: options.cwd, env, stdio: "inherit" });
  const passing = passSignals(child);
  options.abort?.addEventListener("abort", () => child.kill("SIGTERM"));
  return ending(child).finally(() => passing.stop());
}

function ending(child: ChildProcess, timeout?: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let late = false;
    const expire = () => {
      late = true;
      letGo(child, "SIGKILL");
    };
    const timer = timeout === undefined ? undefined : setTimeout(expire, timeout * 1000);
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error.code === "ENOENT") resolve(127);
      else reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(late ? 124 : (code ?? signalCode(signal ?? "SIGTERM")));
    });
  });
}

/**
 * Ends a program and closes our ends of its pipes: others may hold theirs, and it is not "closed" before that. The connection that ssh
 * shares (ControlMaster) has the standard error of a command until the command on the host ends.
 */
export function letGo(child: ChildProcess, signal: NodeJS.Signals): void {
  child.kill(signal);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function collect(stream: Readable, onLine?: (line: string) => void): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (onLine !== undefined) createInterface({ input: stream }).on("line", onLine);
  return () => Buffer.concat(chunks).toString("utf8");
}

/** PATH, and the sbin folders that a root shell's PATH may lack. */
export function searchPath(environment: Environment): string[] {
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...new Set([...folders, "/usr/sbin", "/sbin", "/usr/local/go/bin"])];
}

/** Every path of the program in these folders, in their order. */
export function whereIs(program: string, folders: readonly string[]): string[] {
  return folders.map((folder) => join(folder, program)).filter(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Returns -1, 0 or 1. Compares number by number: "1.10.2" is newer than "1.9". */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
