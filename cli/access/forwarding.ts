/** TCP ports of this machine that lead to ports of hosts and containers. */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { CONTAINER_KINDS } from "../../components/container/kinds";
import { scriptCommand } from "../../guest/quote";
import { Exit, Fault } from "../exit";
import { script } from "../scripts";
import type { Target } from "../words";
import type { Remote } from "./remote";

export interface Forward {
  /** On 127.0.0.1; 0: a free one, chosen by the system. */
  local: number;
  name: string;
  port: number;
}

/** `8080:c1:80`; undefined when it is not of that form. */
export function forwardOf(word: string): Forward | undefined {
  const [, local = "", name = "", port = ""] = /^(\d{1,5}):([^:]+):(\d{1,5})$/.exec(word) ?? [];
  const found = { local: Number(local), name, port: Number(port) };
  return name !== "" && found.local <= 65535 && found.port >= 1 && found.port <= 65535 ? found : undefined;
}

/** Sessions of one SSH connection, of which sshd allows ten (MaxSessions in sshd_config(5)); further connections wait. */
const SESSIONS = 8;

/** The host's command that joins its stdin and stdout to the port. */
export function relayLine({ container }: Target, port: number): string {
  if (container === undefined) return scriptCommand(script("relay"), ["127.0.0.1", String(port)]);
  const [first] = container.interfaces.flatMap(({ addresses }) => addresses);
  const address = first?.split("/")[0] ?? "127.0.0.1"; // by DHCP, or a trunk: only its host knows
  const pid = CONTAINER_KINDS[container.kind].pid(container.name);
  return scriptCommand(script("relay"), [address, String(port), ...pid]);
}

export class Forwarding {
  private readonly server: Server;
  private readonly waiting: Socket[] = [];
  private readonly sockets = new Set<Socket>();
  private running = 0;

  constructor(
    private readonly remote: Pick<Remote, "start">,
    private readonly host: string,
    private readonly line: string,
    private readonly say: (fault: string) => void,
  ) {
    const options = { allowHalfOpen: true, pauseOnConnect: true };
    this.server = createServer(options, (socket) => this.take(socket));
  }

  /** Returns the port. @throws Fault when it is in use */
  listen(port: number): Promise<number> {
    return new Promise((done, failed) => {
      this.server.once("error", (error: NodeJS.ErrnoException) =>
        failed(new Fault(Exit.failed, `port ${port} of this machine: ${error.code ?? error.message}`)),
      );
      this.server.listen(port, "127.0.0.1", () => done((this.server.address() as AddressInfo).port));
    });
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private take(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => this.sockets.delete(socket));
    this.waiting.push(socket);
    this.next();
  }

  private next(): void {
    if (this.running >= SESSIONS) return;
    const socket = this.waiting.shift();
    if (socket === undefined) return;
    if (socket.destroyed) return this.next();
    this.running++;
    this.join(socket);
  }

  private join(socket: Socket): void {
    const child = this.remote.start(this.host, this.line);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    // The command may end while the socket still sends. Its exit code says whether it failed.
    child.stdin.on("error", () => undefined);
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
    socket.once("close", () => child.stdin.end());
    child.once("error", () => socket.destroy());
    child.once("close", (code) => {
      if (code !== 0) this.say(said.trim() || `the connection ended with code ${code}`);
      if (code !== 0) socket.destroy();
      this.running--;
      this.next();
    });
    socket.resume();
  }
}
