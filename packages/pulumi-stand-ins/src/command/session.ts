// Runs one command on an open SSH connection.
import type { Client, ClientChannel } from "ssh2";
import { orAborted } from "../lib/cancel";

/**
 * Internals of ssh2: a session channel without a command, and environment requests that report whether they were
 * granted. The public `exec` does both without reporting. ssh2 is pinned and bundled, so its internals do not change.
 */
interface Inside {
  _chanMgr: { add(done: ChannelCallback): number };
  _protocol: {
    session(channel: number, window: number, packet: number): void;
    env(channel: number, name: string, value: string, reply: boolean): void;
    exec(channel: number, command: string, reply: boolean): void;
  };
}
type ChannelCallback = ((e: Error | undefined, channel: InsideChannel) => void) & { type?: string };
type InsideChannel = ClientChannel & {
  outgoing: { id: number };
  _callbacks: ((refused: boolean) => void)[];
  subtype: string;
};

// ssh2/lib/Channel.js: MAX_WINDOW and PACKET_SIZE
const window = 2 * 1024 * 1024;
const packet = 32 * 1024;

export interface Exit {
  code: number | undefined;
  signal: string | undefined;
  reason: string | undefined;
}

export class Session {
  private constructor(
    private readonly inside: Inside,
    private readonly channel: InsideChannel,
  ) {}

  /** The answer shows that the connection is alive. */
  static async open(client: Client, signal: AbortSignal): Promise<Session> {
    const inside = client as unknown as Inside;
    const opened = new Promise<InsideChannel>((resolve, reject) => {
      client.once("close", () => reject(new Error("EOF")));
      const callback: ChannelCallback = (e, channel) => (e ? reject(e) : resolve(channel));
      callback.type = "session";
      const number = inside._chanMgr.add(callback);
      if (number === -1) reject(new Error("ssh: no free channel"));
      else inside._protocol.session(number, window, packet);
    });
    opened.catch(() => undefined);
    return new Session(inside, await orAborted(signal, opened));
  }

  /** False if the server refuses the variable (AcceptEnv). */
  setenv(name: string, value: string): Promise<boolean> {
    return this.answered(() => this.inside._protocol.env(this.channel.outgoing.id, name, value, true));
  }

  /** Runs the command to its end. The caller must not retry after this has begun. */
  async run(
    command: string,
    stdin: string | undefined,
    on: (stream: "stdout" | "stderr", data: Buffer) => void,
  ): Promise<Exit> {
    const exit: Exit = { code: undefined, signal: undefined, reason: undefined };
    const { channel } = this;
    const closed = Promise.all(
      [channel, channel.stderr].map((s) => new Promise((done) => s.once("close", done))),
    );
    channel.on("exit", (code: number | null, signal?: string, _core?: string, reason?: string) => {
      exit.code = code ?? undefined;
      exit.signal = signal?.replace(/^SIG/, "");
      exit.reason = reason;
    });
    channel.on("data", (data: Buffer) => on("stdout", data));
    channel.stderr.on("data", (data: Buffer) => on("stderr", data));
    channel.on("error", () => undefined); // the command may not read its stdin
    if (!(await this.answered(() => this.inside._protocol.exec(channel.outgoing.id, command, true)))) {
      throw new Error("ssh: command failed");
    }
    channel.subtype = "exec";
    channel.end(stdin ?? "");
    await closed;
    return exit;
  }

  close(): void {
    this.channel.close();
  }

  private answered(request: () => void): Promise<boolean> {
    return new Promise((resolve) => {
      this.channel.once("close", () => resolve(false));
      this.channel._callbacks.push((refused) => resolve(!refused));
      request();
    });
  }
}
