/**
 * Gives ssh its keys without writing them to a file: an OpenSSH agent holds each key for one command. ssh may ask while Pulumi still
 * computes the key: under emulation the key exchange takes a third of a second, and Pulumi about as long. So ssh connects to a socket of
 * this process, which forwards the connection once the agent has the key.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { connect, createServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import { run } from "../../system/process";

/** Longest time that an agent keeps a key. ssh needs it when it connects, at the start of a command. */
const LIFETIME = "1h";
/** Time limit of `ssh-add`, seconds. */
const ADD_LIMIT = 20;

/** Ends the agent when its standard input closes. The kernel closes it when this process ends, even if it is killed. */
const HOLD = 'echo; cat >/dev/null; kill "$SSH_AGENT_PID"';

export class Agents {
  private readonly servers: Server[] = [];
  private readonly holders: ChildProcess[] = [];
  private readonly agents = new Map<string, Promise<string>>();

  /** @param dir a folder of mode 0700 */
  constructor(private readonly dir: string) {}

  /** Serves one key, in OpenSSH's format, at a socket. Without a key the connection is closed. */
  serve(path: string, key: () => Promise<string | undefined>): void {
    const server = createServer((socket) => {
      socket.on("error", () => undefined); // ssh has ended
      const agent = key().then((text) => (text === undefined ? undefined : this.agentWith(text)));
      agent.then(
        (place) => {
          if (place === undefined) socket.destroy();
          else socket.pipe(connect(place).on("error", () => socket.destroy())).pipe(socket);
        },
        () => socket.destroy(), // the caller reports the reason
      );
    });
    this.servers.push(server.listen(path).unref());
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const holder of this.holders) holder.stdin?.destroy();
  }

  /** The socket of the agent that has this key. */
  private agentWith(key: string): Promise<string> {
    const agent = this.agents.get(key) ?? this.start(join(this.dir, `agent-${this.agents.size}`), key);
    this.agents.set(key, agent);
    return agent;
  }

  private async start(path: string, key: string): Promise<string> {
    const words = ["-t", LIFETIME, "-a", path, "sh", "-c", HOLD];
    // Detached: a terminal's Ctrl-C does not reach it, and ssh-add has no terminal to ask for a passphrase.
    const holder = spawn("ssh-agent", words, { stdio: ["pipe", "pipe", "ignore"], detached: true });
    this.holders.push(holder);
    holder.stdin.on("error", () => undefined);
    await new Promise<void>((resolve) => {
      holder.stdout.once("data", () => resolve());
      holder.once("error", () => resolve()).once("close", () => resolve());
    });
    const env = { ...process.env, SSH_AUTH_SOCK: path, SSH_ASKPASS_REQUIRE: "never" };
    await run("ssh-add", ["-q", "-"], {
      env,
      input: key.endsWith("\n") ? key : `${key}\n`,
      timeout: ADD_LIMIT,
    });
    return path;
  }
}
