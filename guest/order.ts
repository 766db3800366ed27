/**
 * Puts the functions that `guest drift` calls before the rest of the guest tools. A shell reads a script command by command, and reading
 * all of it takes a fifth of the time of `guest drift` under emulation; when `guest drift` ends, the rest is not read (ARCHITECTURE.md,
 * "Drift").
 */

/** A top-level part of a script: a function, or everything between two functions. */
interface Chunk {
  /** Name of the function. */
  name?: string;
  text: string;
}

const FUNCTION = /^([a-z_0-9]+)\(\) [{(]/;
/** A function of one line. */
const WHOLE = /[})]( [0-9]?[<>&].*)?$/;
/** The last line of a function. */
const END = /^[})]( [0-9]?[<>&].*)?$/;
const HERE_DOCUMENT = /<<'?([A-Z]+)'?/;

/** Runs `guest drift` and ends the shell. */
export const LOOK = `case "\${1:-} \${2:-}" in
  "drift " | "drift all")
    shift
    drift "$@"
    exit
    ;;
esac
`;

/**
 * @param script its last chunk calls main. A chunk that is not a function stays where it is, and so do the functions before it that it calls
 */
export function inOrder(script: string): string {
  const chunks = chunksOf(script);
  const called = calledBy(["drift"], chunks);
  // plug.sh, which LXC starts, is preceded by what it calls, and ends there.
  const plug = chunks.findIndex(({ text }) => text.startsWith("case "));
  const plugged = calledBy(["plug", "unplug"], chunks);
  const isLate = ({ name = "" }: Chunk, i: number) =>
    name !== "" && !called.has(name) && !(i < plug && plugged.has(name));
  const last = chunks.pop()?.text ?? "";
  const texts = (wanted: boolean) =>
    chunks.flatMap((chunk, i) => (isLate(chunk, i) === wanted ? [chunk.text] : [])).join("");
  return texts(false) + LOOK + texts(true) + last;
}

/** The functions of these names. @param script as chunksOf has it */
export function functionsOf(script: string, names: readonly string[]): string {
  return textOf(chunksOf(script).filter(({ name = "" }) => names.includes(name)));
}

/** The script without the functions of these names. */
export function withoutFunctions(script: string, names: readonly string[]): string {
  return textOf(chunksOf(script).filter(({ name = "" }) => !names.includes(name)));
}

const textOf = (chunks: readonly Chunk[]): string => chunks.map(({ text }) => text).join("");

/** @param script functions as shfmt writes them: a name at the start of a line, "{", and "}" alone on the last line */
function chunksOf(script: string): Chunk[] {
  const chunks: Chunk[] = [];
  let open: Chunk | undefined;
  let until: string | undefined;
  for (const line of script.split("\n").slice(0, -1)) {
    const name = until === undefined && open === undefined ? FUNCTION.exec(line)?.[1] : undefined;
    if (name !== undefined) chunks.push((open = { name, text: "" }));
    const chunk: Chunk = open ?? lastPlain(chunks);
    chunk.text += `${line}\n`;
    if (until !== undefined) until = line === until ? undefined : until;
    else if ((until = HERE_DOCUMENT.exec(line)?.[1]) === undefined)
      if (name === undefined ? END.test(line) : WHOLE.test(line)) open = undefined;
  }
  return chunks;
}

function lastPlain(chunks: Chunk[]): Chunk {
  const last = chunks.at(-1);
  if (last !== undefined && last.name === undefined) return last;
  const plain = { text: "" };
  chunks.push(plain);
  return plain;
}

/** Names of functions that these may call, and their own. `"${kind}_found"` may be every function whose name ends with `_found`. */
function calledBy(roots: readonly string[], chunks: readonly Chunk[]): Set<string> {
  const bodies = new Map(chunks.flatMap(({ name, text }) => (name === undefined ? [] : [[name, text]])));
  const called = new Set<string>();
  const left = [...roots];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const body = bodies.get(name);
    if (body === undefined || called.has(name)) continue;
    called.add(name);
    const ends = [...body.matchAll(/\}"?(_[a-z_0-9]+)/g)].map(([, end = ""]) => end);
    left.push(...[...body.matchAll(/[a-z_0-9]+/g)].map(([word]) => word));
    left.push(...[...bodies.keys()].filter((one) => ends.some((end) => one.endsWith(end))));
  }
  return called;
}
