/**
 * Keys for the ssh client that are in no file: OpenSSH's own agent holds each for the length of one command. ssh may ask while the
 * key is on its way, since the key exchange takes a third of a second under emulation and Pulumi about as long. So it asks at a
 * socket of ours, which passes the conversation on once the agent has the key.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { connect, createServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import { run } from "../../system/process";

/** Longest time that an agent keeps a key, should it ever outlive us: ssh asks when it connects, at a command's start. */
const LIFETIME = "1h";
/** Longest time for it to take a key, seconds. */
const ADD_LIMIT = 20;

/** Ends the agent when our end of its standard input closes, however this process ends. */
const HOLD = 'echo; cat >/dev/null; kill "$SSH_AGENT_PID"';

export class Agents {
  private readonly servers: Server[] = [];
  private readonly holders: ChildProcess[] = [];
  private readonly agents = new Map<string, Promise<string>>();

  /** @param dir a folder that only we may enter */
  constructor(private readonly dir: string) {}

  /** Serves one key, in OpenSSH's format, at a socket. Without it ssh is told nothing. */
  serve(path: string, key: () => Promise<string | undefined>): void {
    const server = createServer((socket) => {
      socket.on("error", () => undefined); // ssh has ended
      const agent = key().then((text) => (text === undefined ? undefined : this.agentWith(text)));
      agent.then(
        (place) => {
          if (place === undefined) socket.destroy();
          else socket.pipe(connect(place).on("error", () => socket.destroy())).pipe(socket);
        },
        () => socket.destroy(), // whoever asked for the key is told why
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
    // A session of its own: a terminal's Ctrl-C is for us to act on, and no program asks the terminal for a passphrase.
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
