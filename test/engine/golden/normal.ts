/**
 * What a preview says, as it reads anywhere: what differs from place to place and from day to day is named, and lines
 * that show no change are left out. Nothing else is.
 */
import type { Project } from "../../lib/project";

export function normal(text: string, project: Project): string {
  const places = text.replaceAll(project.paths.id, "<project>").replaceAll(project.root, "<root>");
  const same = places
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/vxlab-[0-9a-f]{8}-/g, "vxlab-<id>-")
    .replace(/-seed-[0-9a-f]{8}/g, "-seed-<hash>")
    .replace(/\b(lab|labId|id)(\s*): "[0-9a-f]{8}"/g, '$1$2: "<id>"')
    .replace(/"[^"\n]*\/golden-[0-9a-f]{12}\//g, '"<image>/')
    .replace(/\b[0-9a-f]{12}(?=")/g, "<hash>")
    .replace(/ssh-ed25519 AAAA\S+/g, "ssh-ed25519 <key>");
  return `${sorted(telling(named(same.split("\n")))).join("\n")}\n`;
}

/** The engine shows resources in the order in which they happen to be ready, nested or not: here by name, side by side. */
function sorted(lines: readonly string[]): string[] {
  const end = lines.findIndex((line) => END.test(line));
  const blocks: string[][] = [];
  for (const line of lines.slice(0, end)) {
    if (HEAD.test(line) || blocks.length === 0) blocks.push([]);
    blocks.at(-1)?.push(line);
  }
  const flat = blocks.map(([head = "", ...rest]) => {
    const depth = head.length - head.trimStart().length;
    return [head, ...rest].map((line) => line.slice(Math.min(depth, line.length - line.trimStart().length)));
  });
  const name = ([head = ""]: string[]): string => head.slice(head.lastIndexOf(")") + 1);
  const order = flat.sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
  return [...order.flat(), ...lines.slice(end)];
}

/** A resource's line with its name, which stands in the next lines, in its URN. */
function named(lines: readonly string[]): string[] {
  return lines.map((line, at) => {
    if (!/: \((create|update|replace|delete|read)\)/.test(line)) return line;
    const urn = lines.slice(at + 1, at + 4).find((next) => next.includes("[urn="));
    return `${line} ${urn?.slice(urn.lastIndexOf("::") + 2, -1) ?? ""}`;
  });
}

/** The stack's own; what another stack told is further in. */
const END = /^ {0,4}(Resources:|--outputs)/;

const HEAD = /: \((create|update|replace|delete|read|same)\)/;

/** Of what is created every line tells something, and none is marked; of all else the marked ones do. */
function telling(lines: readonly string[]): string[] {
  let created = false;
  return lines
    .filter((line) => {
      // A preview that takes seconds says so.
      if (line.startsWith("@ previewing")) return false;
      if (HEAD.test(line)) created = line.includes("(create)");
      if (END.test(line)) created = false;
      return created ? !/^\s*\[(urn|provider|id)=/.test(line) : says(line);
    })
    .map((line) => (line.length > WIDEST ? `${line.slice(0, WIDEST)}…` : line));
}

/** Columns. */
const WIDEST = 140;

const says = (line: string): boolean =>
  /^\s*([~+>]|-(?!-outputs))/.test(line) || END.test(line) || /^\d+ /.test(line);
