/** The form of what a host answers: sections, and lines of JSON in them. */

export interface Section {
  /** The first of its heading's words. */
  kind: string;
  /** The others. */
  words: string[];
  body: string;
}

/** Splits text at lines `== KIND WORD…`; text before the first is ignored. */
export function sections(text: string): Section[] {
  const parts = `\n${text}`.split(/\n== /).slice(1);
  return parts.map((part) => {
    const [first = "", ...rest] = part.split("\n");
    const [kind = "", ...words] = first.trim().split(/\s+/);
    return { kind, words, body: rest.join("\n").trim() };
  });
}

export function linesOf(body: string): string[] {
  return body.split("\n").filter((line) => line.trim() !== "");
}

/** The lines that are JSON. Programs print warnings between them, such as ovs-vsctl on a busy processor. */
export function jsonLines(body: string): unknown[] {
  const lines = body.split("\n").filter((line) => line.startsWith("{") || line.startsWith("["));
  return lines.map((line) => JSON.parse(line) as unknown);
}
