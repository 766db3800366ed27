/** Pulumi's event log (`--event-log`, one JSON object a line) in compact form. */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { signalCode } from "../../system/signals";

interface StateMetadata {
  type?: string;
  /** URN. */
  parent?: string;
  custom?: boolean;
  inputs?: Record<string, unknown>;
}

/** A step of the engine. Secrets in its inputs have no values. */
export interface StepMetadata {
  op: string;
  urn: string;
  new?: StateMetadata | null;
  old?: StateMetadata | null;
}

/** The fields that vxlab reads of the engine's events (sdk/go/common/apitype/events.go). */
export interface EngineEvent {
  resourcePreEvent?: { metadata: StepMetadata };
  resOutputsEvent?: { metadata: StepMetadata };
  resOpFailedEvent?: { metadata: StepMetadata };
  diagnosticEvent?: { urn?: string; message: string; severity: string; ephemeral?: boolean };
  stdoutEvent?: { message: string };
  summaryEvent?: { resourceChanges: Record<string, number> };
}

/** Result of a run, and progress lines while it lasts. */
export class Progress {
  readonly errors: string[] = [];
  changes: Record<string, number> = {};
  private readonly begun = new Map<string, number>();
  private warned = false;
  private interrupt: NodeJS.Signals | undefined;

  constructor(
    private readonly line: (text: string) => void,
    private readonly say: (detail: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  take(event: EngineEvent): void {
    if (event.resourcePreEvent !== undefined) this.begin(event.resourcePreEvent.metadata);
    if (event.resOutputsEvent !== undefined) this.end(event.resOutputsEvent.metadata, true);
    if (event.resOpFailedEvent !== undefined) this.end(event.resOpFailedEvent.metadata, false);
    if (event.diagnosticEvent !== undefined) this.diagnose(event.diagnosticEvent);
    if (event.stdoutEvent !== undefined) this.hear(event.stdoutEvent.message);
    if (event.summaryEvent !== undefined) this.changes = event.summaryEvent.resourceChanges;
  }

  /** The exit code of a run whose engine ended with `code`: Pulumi reports in its output only that a signal cancelled it. */
  endCode(code: number): number {
    return code === 0 || (code > 128 && code < 255) || this.interrupt === undefined
      ? code
      : signalCode(this.interrupt);
  }

  /** To be called regularly: prints once what to do about a provider that hangs. */
  tick(): void {
    if (this.warned) return;
    const stuck = [...this.begun].find(
      ([urn, since]) => urn.includes("libvirt:index/cloudinitDisk:") && this.now() - since > STUCK_AFTER,
    );
    if (stuck === undefined) return;
    this.warned = true;
    this.line(
      `  ${label(stuck[0])} takes minutes instead of a second: libvirt's provider ${STUCK}. Press Ctrl-C, then run the same command again: it continues from here`,
    );
  }

  /** pkg/backend/cancellation_scope.go */
  private hear(message: string): void {
    const [, word] = /^(\^C|SIGTERM) received; /.exec(plain(message).trim()) ?? [];
    if (word !== undefined) this.interrupt ??= word === "^C" ? "SIGINT" : "SIGTERM";
  }

  private begin(metadata: StepMetadata): void {
    if (!counts(metadata)) return;
    this.begun.set(metadata.urn, this.now());
    this.tell();
  }

  private end(metadata: StepMetadata, well: boolean): void {
    if (!counts(metadata)) return;
    const started = this.begun.get(metadata.urn) ?? this.now();
    this.begun.delete(metadata.urn);
    const seconds = ((this.now() - started) / 1000).toFixed(1);
    const word = well ? (past[metadata.op] ?? metadata.op) : `FAILED to ${metadata.op}`;
    this.line(`  ${word.padEnd(9)} ${label(metadata.urn)} (${seconds} s)`);
    this.tell();
  }

  private diagnose(event: NonNullable<EngineEvent["diagnosticEvent"]>): void {
    const message = plain(event.message).trim();
    if (event.ephemeral === true || message === "") return;
    if (event.severity !== "error" && event.severity !== "warning") return;
    // The engine's closing line: the error itself has been printed.
    if (/^(update|destroy|preview) failed$/.test(message)) return;
    const where = event.urn ? `${label(event.urn)}: ` : "";
    if (event.severity === "error") this.fail(where, message);
    else this.line(`  warning   ${where}${message}`);
  }

  /** The Terraform bridge reports each error twice, in slightly different words. */
  private fail(where: string, message: string): void {
    const text = `${where}${message.replace(/^\[ERROR\] : /, "").replace(/:$/, "")}`;
    if (!this.errors.includes(text)) this.errors.push(text);
  }

  private tell(): void {
    const names = [...this.begun.keys()].map((urn) => nameOf(urn));
    this.say(
      names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", "),
    );
  }
}

/** Milliseconds. */
const STUCK_AFTER = 120_000;
const STUCK = "0.8.3 of its vendor can deadlock (docs/settings.md, Libvirt)";

const past: Record<string, string> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  "create-replacement": "created",
  "delete-replaced": "deleted",
  read: "read",
  refresh: "refreshed",
};

/** Only what takes time: not components, not providers, and not a step that changes nothing. */
function counts({ op, urn, ...states }: StepMetadata): boolean {
  const custom = (states.new ?? states.old)?.custom === true;
  return (
    custom && op !== "same" && op !== "replace" && op !== "refresh" && !urn.includes("pulumi:providers:")
  );
}

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** "Domain lab-kvm1" of "urn:pulumi:lab::vxlab::vxlab:index:KvmHost$libvirt:index/domain:Domain::lab-kvm1". */
function label(urn: string): string {
  const type = urn.split("::")[2] ?? "";
  return `${type.slice(type.lastIndexOf(":") + 1)} ${nameOf(urn)}`;
}

/** Without the engine's colour tags. */
function plain(text: string): string {
  return text.replace(/<\{%.*?%\}>/g, "");
}

/** Where Pulumi writes its events, and what it has written. */
export interface EventLog {
  /** For `--event-log`. */
  path: string;
  /** The complete events since the last call. */
  read(): EngineEvent[];
  close(): void;
}

/**
 * An unlinked file, which Pulumi opens through /proc/PID/fd (proc(5)): Pulumi's events hold secrets in plain text, and the kernel
 * removes the file when this process ends, whatever ends it.
 */
export function eventLog(folder: string): EventLog {
  const name = join(folder, `events-${randomUUID()}`);
  const file = openSync(name, "wx+", 0o600);
  rmSync(name);
  return { path: `/proc/${process.pid}/fd/${file}`, read: reader(file), close: () => closeSync(file) };
}

/** Follows a file that another process appends to. */
function reader(file: number): () => EngineEvent[] {
  let rest = "";
  const buffer = Buffer.alloc(1 << 16);
  const decoder = new TextDecoder();
  const more = (): boolean => {
    const length = readSync(file, buffer, 0, buffer.length, null);
    rest += decoder.decode(buffer.subarray(0, length), { stream: true });
    return length === buffer.length;
  };
  return () => {
    while (more());
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as EngineEvent);
  };
}
