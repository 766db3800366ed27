/**
 * Pulumi's diff (`--diff`), each fact once: without unchanged properties, and without what the component's inputs already show. Pure.
 * Lines that do not belong to a resource, such as warnings, stay as they are.
 */
import { stripVTControlCharacters } from "node:util";

interface Block {
  /** "  ~ vxlab:index:VxlanPort: (update)" */
  head: string;
  lines: string[];
}

const HEAD = /^\s*(?:\+-|--|\+\+|[~+-])?\s*([\w-]+:[\w/-]+:\w+): \((\w[\w -]*)\)/;
const OUTPUTS = /^\s*--outputs/;
const ABOUT = /^\s*\[(urn|id|provider)=/;
/** This line is printed only if lines below it remain. */
const EMPTY = /^\s*[\]}]*\s*$|^(@ p|P)reviewing update/;
const MARKED = /^\s*[~+-]/;
/** In a URN: the type of a resource whose parent is a component of ours. */
const INSIDE = /vxlab:index:\w+\$(?!vxlab:)[^:]+:[^:]+:\w+::/;

export function briefDiff(text: string): string {
  return blocksOf(text.split("\n"))
    .flatMap((block) => (typeof block === "string" ? [block] : shownLines(block)))
    .filter((line) => !EMPTY.test(bare(line)))
    .join("\n");
}

const bare = stripVTControlCharacters;

/** Lines of resources and outputs in blocks; what begins without an indentation belongs to none. */
function blocksOf(lines: readonly string[]): (Block | string)[] {
  const all: (Block | string)[] = [];
  let open: Block | undefined;
  for (const line of lines) {
    const plain = bare(line);
    if (HEAD.test(plain) || OUTPUTS.test(plain)) all.push((open = { head: line, lines: [] }));
    else if (open === undefined || /^\S/.test(plain)) {
      open = undefined;
      all.push(line);
    } else open.lines.push(line);
  }
  return all;
}

function shownLines({ head, lines }: Block): string[] {
  const [, type = "", op = ""] = HEAD.exec(bare(head)) ?? [];
  if (op === "same") return [];
  const urn = lines.map(bare).find((line) => line.includes("[urn=")) ?? "";
  const inside = INSIDE.test(urn);
  // The component above says what a step on a host is about, and what a machine is made of.
  if (inside && type.startsWith("command:")) return [];
  const named = `${head} ${/::([^:\]]+)\]/.exec(urn)?.[1] ?? ""}`.trimEnd();
  if (inside || op === "delete") return [named];
  const rest = lines.filter((line) => !ABOUT.test(bare(line)) && !EMPTY.test(bare(line)));
  const marked = rest.filter((line) => MARKED.test(bare(line)));
  return [named, ...joined(op === "create" || (op === "" && marked.length === 0) ? rest : marked)];
}

/** What has one part only becomes one line, with the property's path as Pulumi writes it: `~ interfaces[0].mtu: 1450 => 1400`. */
function joined(lines: readonly string[]): string[] {
  const [line, next, ...others] = lines;
  if (line === undefined || next === undefined) return [...lines];
  const end = lines.findIndex((one, i) => i > 0 && columnOf(one) <= columnOf(line));
  const parts = lines.slice(1, end < 0 ? undefined : end);
  const isOnly = parts.filter((one) => columnOf(one) <= columnOf(next)).length === 1;
  return /[{[]$/.test(bare(line)) && isOnly
    ? joined([inOne(line, next), ...others])
    : [line, ...joined([next, ...others])];
}

/** Where the key begins. */
const columnOf = (line: string): number => bare(line).search(/[^\s~+-]/);
const keyOf = (line: string): string => /^[\s~+-]*([^:]*?)\s*:/.exec(bare(line))?.[1] ?? "";
const indentOf = (line: string): string => /^ */.exec(bare(line))?.[0] ?? "";

function inOne(line: string, next: string): string {
  const [above, key] = [keyOf(line), keyOf(next)];
  const path = key.startsWith("[") ? `${above}${key}` : `${above}.${key}`;
  return next.replace(key, () => path).replace(indentOf(next), indentOf(line));
}
