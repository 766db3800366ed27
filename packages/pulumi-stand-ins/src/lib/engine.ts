// Sends messages about resources to the engine, in order.
import { credentials } from "@grpc/grpc-js";
import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { channelOptions } from "./serve";

export type Severity = "debug" | "info" | "warning" | "error";
const severities = { debug: 0, info: 1, warning: 2, error: 3 } as const;

interface Entry {
  urn: string;
  severity: Severity;
  message: string;
  /** Shown beside the resource until the next message, and not stored. */
  status: boolean;
}

// One call for each line is fast enough for a script; many lines are sent in fewer, larger messages.
const flood = 100;
const chunk = 64 * 1024;
const sendTimeout = 10_000;

/** One for each plugin. Sends one message after the other, to keep their order. */
export class EngineLog {
  private client: Promise<(e: Entry) => Promise<void>> | undefined;
  private readonly queue: Entry[] = [];
  private sending: Promise<void> | undefined;

  constructor(private address: string | undefined) {}

  use(address: string): void {
    if (address !== this.address) this.client = undefined;
    this.address = address;
  }

  add(entry: Entry): void {
    if (this.address === undefined) return;
    const last = this.queue.at(-1);
    if (last && this.queue.length > flood && joins(last, entry)) last.message += `\n${entry.message}`;
    else this.queue.push({ ...entry });
    this.sending ??= this.drain().finally(() => (this.sending = undefined));
  }

  /** Resolves when all messages have been sent or dropped. */
  async flush(): Promise<void> {
    while (this.sending) await this.sending;
  }

  private async drain(): Promise<void> {
    this.client ??= connect(this.address ?? "");
    const send = await this.client;
    for (let next = this.queue.shift(); next; next = this.queue.shift()) await send(next);
  }
}

function joins(last: Entry, next: Entry): boolean {
  const alike = last.urn === next.urn && last.severity === next.severity && last.status === next.status;
  return alike && last.message.length + next.message.length < chunk;
}

/** Lazy-loaded at the first message: most runs send none and start faster. */
async function connect(address: string): Promise<(e: Entry) => Promise<void>> {
  const { EngineClient } = await import("@pulumi/pulumi/proto/engine_grpc_pb");
  const pb = await import("@pulumi/pulumi/proto/engine_pb");
  const client: EngineClient = new EngineClient(address, credentials.createInsecure(), channelOptions);
  return (entry) => {
    const request: LogRequest = new pb.LogRequest();
    request.setUrn(entry.urn);
    request.setSeverity(severities[entry.severity]);
    request.setMessage(entry.message);
    request.setEphemeral(entry.status);
    // A message that cannot be delivered must not fail the operation.
    return new Promise((resolve) =>
      client.waitForReady(Date.now() + sendTimeout, (e) =>
        e ? resolve() : client.log(request, () => resolve()),
      ),
    );
  };
}

export class Logger {
  constructor(
    private readonly log: EngineLog,
    private readonly urn: string,
  ) {}

  say(severity: Severity, message: string): void {
    this.log.add({ urn: this.urn, severity, message, status: false });
  }

  status(severity: Severity, message: string): void {
    this.log.add({ urn: this.urn, severity, message, status: true });
  }
}
