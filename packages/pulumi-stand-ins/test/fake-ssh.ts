// An SSH server on 127.0.0.1 for the contract tests: runs each command in a local shell, and counts what it sees.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import ssh2 from "ssh2";
import type { AuthContext, Connection, ServerChannel, Session } from "ssh2";
import { serveFiles } from "./fake-sftp";

interface KeyPair {
  private: string;
  public: string;
}

/** ssh2's own generator writes one in four hundred Ed25519 keys with a wrong length. */
export function keyPair(options: { passphrase?: string; cipher?: string } = {}): KeyPair {
  const pair = ssh2.utils.generateKeyPairSync("ed25519", options as object);
  const good = !(ssh2.utils.parseKey(pair.private, options.passphrase) instanceof Error);
  return good ? pair : keyPair(options);
}

export interface Seen {
  /** Completed handshakes. */
  ready: number;
  /** Authentication attempts of any method, "none" included. */
  auth: string[];
  commands: string[];
  open: number;
}

export interface FakeSshOptions {
  /** Variables that `setenv` may set; all others are refused, like sshd's AcceptEnv. */
  acceptEnv?: (name: string) => boolean;
  password?: string;
  keyboardInteractive?: boolean;
  authorizedKey?: string;
  port?: number;
  hostKey?: KeyPair;
}

export class FakeSsh {
  readonly seen: Seen = { ready: 0, auth: [], commands: [], open: 0 };
  readonly hostKeys: KeyPair;
  readonly clientKey = keyPair();
  private readonly server: ssh2.Server;
  private readonly clients = new Set<Connection>();
  port = 0;

  constructor(private readonly options: FakeSshOptions = {}) {
    this.hostKeys = options.hostKey ?? keyPair();
    this.server = new ssh2.Server({ hostKeys: [this.hostKeys.private] }, (client) => this.accept(client));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(this.options.port ?? 0, "127.0.0.1", resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.dropAll();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** Drops every connection, as a rebooting machine does. */
  dropAll(): void {
    for (const c of this.clients) (c as unknown as { _sock: Socket })._sock.destroy();
    this.clients.clear();
  }

  private accept(client: Connection): void {
    this.seen.open++;
    this.clients.add(client);
    client.on("authentication", (ctx) => this.authenticate(ctx));
    client.on("ready", () => {
      this.seen.ready++;
      client.on("session", (accept) => this.session(accept()));
      client.on("tcpip", (accept, _reject, info) => {
        const channel = accept();
        const socket = connect(info.destPort, "127.0.0.1");
        channel.pipe(socket).pipe(channel);
        socket.on("error", () => channel.close());
      });
    });
    client.on("error", () => undefined);
    client.on("close", () => (this.clients.delete(client), this.seen.open--));
  }

  private authenticate(ctx: AuthContext): void {
    this.seen.auth.push(ctx.method);
    const { password } = this.options;
    if (ctx.method === "password" && password !== undefined && !this.options.keyboardInteractive) {
      return ctx.password === password ? ctx.accept() : ctx.reject();
    }
    if (ctx.method === "keyboard-interactive" && this.options.keyboardInteractive) {
      return ctx.prompt("Password:", (answers) => (answers[0] === password ? ctx.accept() : ctx.reject()));
    }
    if (ctx.method === "publickey") {
      const wanted = this.options.authorizedKey ?? this.clientKey.public;
      const known = ssh2.utils.parseKey(wanted);
      if (known instanceof Error || !known.getPublicSSH().equals(ctx.key.data)) return ctx.reject();
      // Without a signature, the client only asks whether the key is acceptable.
      const { blob, signature, hashAlgo } = ctx;
      const signed = signature === undefined || known.verify(blob ?? "", signature, hashAlgo) === true;
      return signed ? ctx.accept() : ctx.reject();
    }
    ctx.reject(["publickey", this.options.keyboardInteractive ? "keyboard-interactive" : "password"]);
  }

  private session(session: Session): void {
    const env: Record<string, string> = {};
    session.on("env", (accept, reject, info) => {
      const val = info;
      if (!(this.options.acceptEnv?.(val.key) ?? false)) return reject();
      env[val.key] = val.val;
      accept();
    });
    session.on("sftp", (accept) => serveFiles(accept()));
    session.on("exec", (accept, _reject, info) => {
      this.seen.commands.push(info.command);
      run(accept(), info.command, env);
    });
  }
}

function run(channel: ServerChannel, command: string, env: Record<string, string>): void {
  const child = spawn("/bin/sh", ["-c", command], { env: { PATH: process.env.PATH, ...env } });
  channel.pipe(child.stdin);
  child.stdin.on("error", () => undefined);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on("close", () => child.kill("SIGKILL"));
  child.on("close", (code, signal) => {
    if (signal) channel.exit(signal.slice(3), false, "killed");
    else channel.exit(code ?? 255);
    channel.end();
  });
}
