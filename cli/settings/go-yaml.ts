/**
 * YAML as Pulumi reads it, with Go's gopkg.in/yaml.v3: YAML 1.1's octal numbers and merge keys, but yes and no are text.
 * The npm package finds the structure only; every scalar is resolved here.
 */
import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type CST,
  type Node,
  type Scalar,
  type YAMLMap,
} from "yaml";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

export interface Yaml {
  /** The first document, the only one that Go reads. */
  value: Value;
  root: Node | null;
  /** Counted from 1. */
  lineOf(node: unknown): number;
  follow(node: unknown): unknown;
}

export class YamlError extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws YamlError */
export function parseYaml(text: string): Yaml {
  const lineCounter = new LineCounter();
  const [document] = new Composer({ schema: "failsafe", resolveKnownTags: false }).compose(
    tokens(text, lineCounter),
  );
  const [fault] = document?.errors ?? [];
  if (fault !== undefined) throw new YamlError(lineCounter.linePos(fault.pos[0]).line, fault.message);
  const lineOf = (node: unknown): number => {
    const start = (node as Partial<Node> | null)?.range?.[0];
    return start === undefined ? 1 : lineCounter.linePos(start).line;
  };
  const follow = (node: unknown): unknown => {
    if (document === undefined || !isAlias(node)) return node;
    const found = node.resolve(document);
    if (found === undefined) throw new YamlError(lineOf(node), `The anchor &${node.source} is not defined`);
    return found;
  };
  const root = document?.contents ?? null;
  const value = new Reading(lineOf, follow).valueOf(root);
  return { value, root, lineOf, follow };
}

function* tokens(text: string, lineCounter: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lineCounter.addNewLine);
  lineCounter.addNewLine(0);
  for (const lexeme of new LooseLexer().lex(text)) yield* parser.next(lexeme);
  yield* parser.end();
}

/** libyaml, which Go's package is a translation of, asks for no indentation inside of braces, brackets and quotes. */
class LooseLexer extends Lexer {}

for (const name of ["parseFlowCollection", "parseQuotedScalar"]) {
  const strict = Reflect.get(Lexer.prototype, name) as (this: Inside) => Generator<string, unknown>;
  Object.defineProperty(LooseLexer.prototype, name, {
    *value(this: Inside) {
      const { indentNext } = this;
      this.indentNext = 0;
      const next = yield* strict.call(this);
      this.indentNext = indentNext;
      return next;
    },
  });
}

/** Private members of the package; its version is pinned, and the tests cover them. */
interface Inside {
  indentNext: number;
}

/** Limit of values, against aliases that multiply a file. Go refuses such files as well. */
const MOST = 1_000_000;

class Reading {
  private count = 0;
  private readonly open = new Set<unknown>();

  constructor(
    private readonly lineOf: Yaml["lineOf"],
    private readonly follow: Yaml["follow"],
  ) {}

  valueOf(written: unknown): Value {
    const node = this.follow(written);
    if (isScalar(node)) return scalarOf(node);
    if (!isMap(node) && !isSeq(node)) return null;
    if (this.open.has(node)) throw new YamlError(this.lineOf(written), "An anchor contains itself");
    if (++this.count > MOST) throw new YamlError(this.lineOf(written), "Aliases make the file too large");
    this.open.add(node);
    const value = isSeq(node)
      ? node.items.map((item) => this.valueOf(item))
      : Object.fromEntries(this.entriesOf(node, new Map()));
    this.open.delete(node);
    return value;
  }

  /** Adds the keys that `entries` lacks: a map's own keys override the ones that it merges. */
  private entriesOf(map: YAMLMap, entries: Map<string, Value>): Map<string, Value> {
    const own = map.items.filter(({ key }) => !isMerge(key));
    const earlier = new Set(entries.keys());
    for (const { key, value } of own) {
      const name = this.keyOf(key);
      if (!earlier.has(name)) entries.set(name, this.valueOf(value));
    }
    for (const { key, value } of map.items.filter((pair) => isMerge(pair.key))) {
      const merged = this.follow(value);
      for (const one of isSeq(merged) ? merged.items : [merged]) {
        const source = this.follow(one);
        if (!isMap(source))
          throw new YamlError(this.lineOf(key), "<< takes a mapping, or a list of mappings");
        if (this.open.has(source)) throw new YamlError(this.lineOf(key), "An anchor contains itself");
        this.open.add(source);
        this.entriesOf(source, entries);
        this.open.delete(source);
      }
    }
    return entries;
  }

  private keyOf(written: unknown): string {
    const node = this.follow(written);
    if (!isScalar(node)) throw new YamlError(this.lineOf(written), "A key must be text or a number");
    return keyText(scalarOf(node));
  }
}

/** As Go prints it. */
export const keyText = (value: Value): string =>
  typeof value === "string" ? value : value === null ? "<nil>" : JSON.stringify(value);

export function isMerge(key: unknown): boolean {
  return (
    isScalar(key) &&
    key.value === "<<" &&
    key.type === "PLAIN" &&
    (key.tag === undefined || key.tag.endsWith("merge"))
  );
}

/** True when the text of a scalar decides its type (no quotes, no tag). */
export const isPlain = (node: Scalar): boolean => node.type === "PLAIN" && node.tag === undefined;

const SHORT_TAG = /^(?:tag:yaml\.org,2002:|!!)(int|float|bool|null|timestamp)$/;

export function scalarOf(node: Scalar): Value {
  const text = typeof node.value === "string" ? node.value : "";
  return isPlain(node) || SHORT_TAG.test(node.tag ?? "") ? resolved(text) : text;
}

const WORDS: readonly (readonly [Value, readonly string[]])[] = [
  [true, ["true", "True", "TRUE"]],
  [false, ["false", "False", "FALSE"]],
  [null, ["", "~", "null", "Null", "NULL"]],
  [NaN, [".nan", ".NaN", ".NAN"]],
  [Infinity, [".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"]],
  [-Infinity, ["-.inf", "-.Inf", "-.INF"]],
];
const KNOWN: ReadonlyMap<string, Value> = new Map(
  WORDS.flatMap(([value, words]) => words.map((word) => [word, value] as const)),
);

/** resolve.go: Go's integer literals (a leading 0 is octal), then floats; underscores do not count. */
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

function resolved(text: string): Value {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  if (!/^[-+.0-9]/.test(text)) return text;
  const time = timeOf(text);
  if (time !== undefined) return time;
  const digits = text.startsWith(".") ? text : text.replaceAll("_", "");
  const [, sign, hexadecimal, binary, octal, decimal] = INTEGER.exec(digits) ?? [];
  const found =
    (hexadecimal !== undefined && parseInt(hexadecimal, 16)) ||
    (binary !== undefined && parseInt(binary, 2)) ||
    (octal !== undefined && parseInt(octal, 8)) ||
    (decimal !== undefined && Number(decimal));
  if (sign !== undefined) return found === false || found === 0 ? 0 : sign === "-" ? -found : found;
  return FLOAT.test(digits) ? Number(digits) : text;
}

const TIME =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?(Z|[-+]\d\d:\d\d))|(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?))?$/;

/** A date becomes Go's time.Time, which arrives in the text form that Go prints. */
function timeOf(text: string): string | undefined {
  const [all, year, month, day, ...rest] = TIME.exec(text) ?? [];
  if (all === undefined) return undefined;
  const [h1, m1, s1, f1, zone = "Z", h2, m2, s2, f2] = rest;
  const two = (part: string | undefined): string => (part ?? "0").padStart(2, "0");
  const clock = [h1 ?? h2, m1 ?? m2, s1 ?? s2].map(two);
  const date = `${year}-${two(month)}-${two(day)}`;
  const at = new Date(`${date}T${clock.join(":")}Z`);
  if (Number.isNaN(at.getTime()) || at.getUTCDate() !== Number(day)) return undefined;
  const offset = zone === "Z" ? "+0000 UTC" : `${zone.replace(":", "")} ${zone.replace(":", "")}`;
  const fraction = (f1 ?? f2 ?? "").replace(/\.?0+$/, "");
  return `${date} ${clock.join(":")}${fraction} ${offset}`;
}
