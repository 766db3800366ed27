/** Prints results on stdout and progress on stderr: on a terminal one line that is redrawn, otherwise plain lines. */
import type { Reporter } from "../../system/reporter";

interface Stream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Seconds between plain lines for a step that still runs. */
const heartbeat = 30;

/** Waits shorter than this are not shown, ms. */
const PATIENCE_MS = 2000;

export class Output implements Reporter {
  /** False: results, warnings and errors only. */
  progress = true;
  /** Whether to print details for debugging. */
  verbose = false;
  private readonly terminal: boolean;
  /** The steps that run, with what is drawn of each. */
  private readonly running = new Map<symbol, string>();

  constructor(
    private readonly stdout: Stream = process.stdout,
    private readonly stderr: Stream = process.stderr,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    this.terminal = stderr.isTTY === true && environment["TERM"] !== "dumb";
  }

  /** A result. */
  print(text: string): void {
    this.stdout.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  /** A warning, an error, or an instruction to the user. */
  line(text: string): void {
    this.clear();
    this.stderr.write(`${text}\n`);
  }

  /** What has been done so far. */
  remark(text: string): void {
    if (this.progress) this.line(text);
  }

  /** A detail for debugging. */
  detail(text: string): void {
    if (this.verbose) this.line(text);
  }

  /** @param started when the work began, ms */
  async step<T>(
    title: string,
    work: (say: (detail: string) => void) => Promise<T>,
    started = Date.now(),
  ): Promise<T> {
    if (!this.progress) return work(() => undefined);
    const seconds = () => (Date.now() - started) / 1000;
    let detail = "";
    const step = Symbol(title);
    const show = () => this.show(step, title, detail, seconds());
    if (!this.terminal) this.line(`${title} …`);
    const timer = setInterval(show, this.terminal ? 200 : heartbeat * 1000);
    try {
      const result = await work((text) => (detail = text));
      this.running.delete(step);
      this.line(`${title}: ${seconds().toFixed(1)} s`);
      return result;
    } catch (error) {
      this.running.delete(step);
      this.line(`${title}: failed after ${seconds().toFixed(1)} s`);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  /** A step that is shown only when it takes more than two seconds. */
  async wait<T>(title: string, work: () => Promise<T>): Promise<T> {
    const started = Date.now();
    const result = work();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(true), PATIENCE_MS)));
    const soon = result.then(
      () => false,
      () => false,
    );
    const isLate = await Promise.race([soon, late]);
    clearTimeout(timer);
    return isLate ? this.step(title, () => result, started) : result;
  }

  /** Steps that run side by side share the redrawn line. */
  private show(step: symbol, title: string, detail: string, seconds: number): void {
    const text = `${title} … ${Math.floor(seconds)} s${detail === "" ? "" : `  ${detail}`}`;
    if (!this.terminal) return this.line(text);
    this.running.set(step, text);
    const width = Math.floor((this.stderr.columns ?? 80) / this.running.size) - 1;
    this.clear();
    this.stderr.write([...this.running.values()].map((one) => shortened(one, width)).join(" "));
  }

  /** Clears the redrawn line. */
  private clear(): void {
    if (this.terminal) this.stderr.write("\r\u001b[K");
  }
}

/** Shortens in the middle, since the title is at the start and the count at the end. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.floor(width / 2);
  return `${text.slice(0, width - end - 1)}…${text.slice(text.length - end)}`;
}

/** Columns of a table, as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? "").length));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
