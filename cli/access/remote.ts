/**
 * SSH to a lab's hosts. One connection for each host is kept open and shared by all commands, since a handshake costs
 * half a second under emulation. It exits when its stdin closes, so it cannot outlive this process.
 */
import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio, SpawnOptions } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { attached, letGo } from "../../system/process";
import type { Result } from "../../system/process";
import { shellWord } from "../../guest/quote";
import { SIGNALS, signalCode } from "../../system/signals";
import type { Context } from "../command";
import { removeAccess, socketOf, writeAccess } from "./ssh-files";
import type { SshHost } from "./ssh-files";
import { Agents } from "./agent";

export interface RemoteOptions {
  hosts: readonly SshHost[];
  /** The login key of a host, in OpenSSH's format. Called once, when ssh starts to connect; the callee limits the time. */
  keyOf: (host: string) => Promise<string | undefined>;
  /** Words before `ssh` that enter the lab's network namespace; empty where there is none. */
  enter: readonly string[];
  /** Folders for ssh's files, best first. @default the system's temporary folder */
  places?: readonly string[];
  /** Time limit of a login, from when the key is known, ms. @default 20000 */
  loginLimit?: number;
  /** What SIGINT, SIGTERM and SIGHUP do. @default end the process with 128 and the signal's number */
  onSignal?: (signal: NodeJS.Signals) => void;
}

export type RemoteProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** A command that has the terminal. */
interface Attached {
  /** Undefined after a login, otherwise the reason why there is none. */
  login: Promise<string | undefined>;
  /** The command's exit code. */
  code: Promise<number>;
  /** What ssh itself said. */
  messages: () => string;
}

/** How often to look for a login, ms. */
const POLL_MS = 20;

/** Above ssh's own ConnectTimeout, which ends before the key exchange. */
const LOGIN_MS = 20_000;

export class Remote {
  private readonly dir: string;
  private readonly agents: Agents;
  private readonly masters = new Map<string, Promise<string | undefined>>();
  private readonly keys = new Map<string, Promise<string | undefined>>();
  private readonly children = new Set<ChildProcess>();
  private readonly onExit = () => this.drop();
  private readonly onSignal: (signal: NodeJS.Signals) => void;

  constructor(private readonly options: RemoteOptions) {
    this.onSignal = options.onSignal ?? ((signal) => process.exit(signalCode(signal)));
    this.dir = writeAccess(options.hosts, options.places ?? []);
    this.agents = new Agents(this.dir);
    for (const { name } of options.hosts) this.agents.serve(socketOf(this.dir, name), () => this.keyOf(name));
    // Without a handler a signal ends the process before "exit" handlers run, and the folder would stay.
    process.once("exit", this.onExit);
    for (const signal of SIGNALS) process.on(signal, this.onSignal);
  }

  /** The whole command line that runs `command` on a host; `options` go to ssh. */
  argv(host: string, command: string | undefined, options: readonly string[] = []): [string, string[]] {
    const words = [...this.options.enter, "ssh", "-F", join(this.dir, "config"), ...options, "--", host];
    const [program = "ssh", ...args] = command === undefined ? words : [...words, command];
    return [program, args];
  }

  /** Opens the shared connection. Returns the reason when the host does not answer. */
  connect(host: string): Promise<string | undefined> {
    const open = this.masters.get(host) ?? this.login(host);
    this.masters.set(host, open);
    return open;
  }

  /** Makes the next command log in again, for example after the host's reboot. */
  forget(host: string): void {
    this.masters.delete(host);
  }

  /** Runs a command with `input` on its stdin. Code 255: ssh failed; 124: it took longer than `limit`, ms. */
  async run(host: string, command: string, limit: number, input = ""): Promise<Result> {
    const silent = await this.connect(host);
    if (silent !== undefined) return { code: 255, stdout: "", stderr: silent };
    const child = this.start(host, command);
    child.stdin.end(input);
    return collect(child, limit);
  }

  /** Starts a command. Call `connect` first, or it opens a connection of its own. */
  start(host: string, command: string, options: SpawnOptions = {}): RemoteProcess {
    return this.spawn(...this.argv(host, command), options);
  }

  /**
   * Hands the terminal to a command, over a connection of its own: sharing one takes a second shell on the host, 0.1 s under emulation.
   * A file reports the login (LocalCommand in ssh_config(5)), another takes ssh's own messages, so that stderr is the command's.
   */
  attach(host: string, command: string | undefined, options: readonly string[]): Attached {
    const [entered, log] = [join(this.dir, `${host}.in`), join(this.dir, `${host}.log`)];
    const own = ["-E", log, "-o", "PermitLocalCommand=yes", "-o", `LocalCommand=: >${shellWord(entered)}`];
    const giveUp = new AbortController();
    const code = attached(...this.argv(host, command, [...own, ...options]), { abort: giveUp.signal });
    const messages = (): string => (existsSync(log) ? readFileSync(log, "utf8").trim() : "");
    return { login: this.entering(host, code, giveUp, () => existsSync(entered), messages), code, messages };
  }

  /** Ends connections and agents, and removes ssh's files. */
  close(): void {
    process.off("exit", this.onExit);
    for (const signal of SIGNALS) process.off(signal, this.onSignal);
    this.drop();
  }

  private drop(): void {
    for (const child of this.children) child.kill("SIGTERM");
    this.agents.close();
    removeAccess(this.dir);
  }

  private spawn(program: string, args: string[], options: SpawnOptions = {}): RemoteProcess {
    const child = spawn(program, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
    this.children.add(child);
    // A program may end before it has read everything.
    child.stdin.on("error", () => undefined);
    child.once("close", () => this.children.delete(child));
    return child;
  }

  private keyOf(host: string): Promise<string | undefined> {
    const key = this.keys.get(host) ?? this.options.keyOf(host);
    this.keys.set(host, key);
    return key;
  }

  /** Resolves at the login, or to the reason why there is none. */
  private async entering(
    host: string,
    code: Promise<number>,
    giveUp: AbortController,
    entered: () => boolean,
    messages: () => string,
  ): Promise<string | undefined> {
    const { loginLimit = LOGIN_MS } = this.options;
    let ended = false;
    let deadline = Infinity;
    const limit = () => (deadline = Date.now() + loginLimit);
    this.keyOf(host).then(limit, limit);
    code.finally(() => (ended = true)).catch(() => undefined);
    while (!entered()) {
      if (ended) return sshFault(messages());
      if (Date.now() > deadline) {
        giveUp.abort();
        return noLogin(loginLimit);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return undefined;
  }

  /** The time limit starts when this process knows the key; until then ssh waits, under its own ConnectTimeout. */
  private login(host: string): Promise<string | undefined> {
    // `read` is a builtin that waits for our end of the pipe to close.
    const master = this.spawn(...this.argv(host, "echo open; read -r _", ["-o", "ControlMaster=yes"]));
    const { loginLimit = LOGIN_MS } = this.options;
    return new Promise((resolve) => {
      let complaint = "";
      let settled = false;
      let timer: NodeJS.Timeout | undefined;
      const settle = (fault: string | undefined) => {
        settled = true;
        clearTimeout(timer);
        resolve(fault);
      };
      const expire = () => {
        master.kill("SIGTERM");
        settle(noLogin(loginLimit));
      };
      const limit = () => (timer = settled ? undefined : setTimeout(expire, loginLimit));
      this.keyOf(host).then(limit, limit);
      master.stderr.on("data", (data: Buffer) => (complaint += data.toString()));
      master.stdout.once("data", () => settle(undefined));
      master.once("error", (error) => settle(`cannot be asked: ${error.message}`));
      master.once("close", () => settle(sshFault(complaint)));
    });
  }
}

/** ssh's exit code for "no connection" (ssh(1)). */
const NO_CONNECTION = 255;

/** Connects, then runs a command on the host in this terminal. Returns its exit code. */
export async function runInTerminal(
  { out }: Pick<Context, "out">,
  remote: Remote,
  host: string,
  command: string | undefined,
  options: readonly string[],
): Promise<number> {
  const { login, code, messages } = remote.attach(host, command, options);
  const silent = await out.wait(`connecting to ${host}`, () => login);
  if (silent !== undefined) {
    out.line(`vxlab: ${host} ${silent}`);
    return NO_CONNECTION;
  }
  const end = await code;
  if (end === NO_CONNECTION && messages() !== "") out.line(messages());
  return end;
}

const noLogin = (limit: number): string => `does not answer: no login within ${limit / 1000} s`;

/** ssh's last message, in vxlab's wording. */
export function sshFault(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  if (/Host key verification failed/.test(stderr)) return "has a host key other than the pinned one";
  if (/Permission denied/.test(stderr)) return "refuses the lab's login key";
  return `does not answer: ${lines.at(-1)?.trim() ?? "ssh printed no reason"}`;
}

function collect(child: RemoteProcess, limit: number): Promise<Result> {
  return new Promise((resolve) => {
    const answer: Result = { code: 255, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (answer.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (answer.stderr += text));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      answer.stderr += `no answer within ${limit / 1000} s`;
      letGo(child, "SIGTERM");
    }, limit);
    child.once("error", (error) => resolve({ ...answer, stderr: error.message }));
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ ...answer, code: late ? 124 : (code ?? 255) });
    });
  });
}
