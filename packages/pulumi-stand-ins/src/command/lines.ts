// A command's output: kept complete, and logged line by line while it runs.
import { StringDecoder } from "node:string_decoder";
import type { Logger } from "../lib/engine";

/** A longer line is logged in pieces. (The vendor's plugin hangs on a line of 64 KiB.) */
const longest = 32 * 1024;

export type StreamName = "stdout" | "stderr";

export class Output {
  private readonly parts: Record<StreamName | "both", Buffer[]> = { stdout: [], stderr: [], both: [] };
  /** One for each logged stream, so that their lines do not mix. */
  private readonly lines = new Map<StreamName, LineLog>();

  constructor(logging: string | undefined, log: Logger) {
    for (const stream of ["stdout", "stderr"] as const) {
      const shown = logging === undefined || logging === "stdoutAndStderr" || logging === stream;
      if (shown) this.lines.set(stream, new LineLog((line) => log.status("info", line)));
    }
  }

  add(stream: StreamName, data: Buffer): void {
    this.parts[stream].push(data);
    this.parts.both.push(data);
    this.lines.get(stream)?.write(data);
  }

  end(): void {
    for (const lines of this.lines.values()) lines.end();
  }

  /** Without one newline at the end. */
  text(stream: StreamName): string {
    return Buffer.concat(this.parts[stream]).toString("utf8").replace(/\n$/, "");
  }

  /** Both streams in the order they arrived, for error messages. */
  both(): string {
    return Buffer.concat(this.parts.both).toString("utf8");
  }
}

class LineLog {
  private readonly decoder = new StringDecoder("utf8");
  private rest = "";

  constructor(private readonly show: (line: string) => void) {}

  write(data: Buffer): void {
    const lines = (this.rest + this.decoder.write(data)).split("\n");
    this.rest = lines.pop() ?? "";
    lines.forEach((l) => this.line(l));
    while (this.rest.length > longest) {
      this.show(this.rest.slice(0, longest));
      this.rest = this.rest.slice(longest);
    }
  }

  end(): void {
    this.rest += this.decoder.end();
    if (this.rest !== "") this.line(this.rest);
    this.rest = "";
  }

  private line(text: string): void {
    const line = text.replace(/\r$/, "");
    for (let at = 0; at === 0 || at < line.length; at += longest) this.show(line.slice(at, at + longest));
  }
}

/** Quotes like Go's %q, as the vendor's plugin quotes commands: escapes what strconv.IsPrint rejects. */
export function quoted(text: string): string {
  const escapes: { [c: string]: string } = {
    "\x07": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
  };
  const body = text.replace(
    /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu,
    (c) => escapes[c] ?? escaped(c.codePointAt(0) ?? 0),
  );
  return `"${body}"`;
}

function escaped(rune: number): string {
  const hex = (digits: number) => rune.toString(16).padStart(digits, "0");
  if (rune < 0x80) return `\\x${hex(2)}`;
  return rune < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
