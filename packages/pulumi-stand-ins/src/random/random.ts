// The resources of @pulumi/random: created once, replaced when an input changes. Delete does nothing.
import type { Context, DiffResult, Failure, Resource } from "../lib/provider";
import type { Change } from "../lib/diff";
import type { ObjectSpec, PropertySpec } from "../lib/schema";
import { asText, containsUnknown, equal, isObject, isUnknown, reveal, unknown } from "../lib/value";
import type { Props, Value } from "../lib/value";
import type { Made } from "./generate";

export interface Kind {
  spec: ObjectSpec;
  /** Outputs that are not inputs. */
  outputs: readonly string[];
  defaults: Props;
  /** Terraform's schema version, which the vendor's plugin stores in the state. */
  meta?: string;
  /** If true, a change from no keepers to an empty map also replaces. */
  strictKeepers?: boolean;
  problems(inputs: Props): string[];
  make(inputs: Props): Made;
  /** For `pulumi import`, which only has an id. */
  parse(id: string): { inputs: Props; made: Made };
}

export class Random implements Resource {
  constructor(private readonly kind: Kind) {}

  check(news: Props): { inputs: Props; failures: Failure[] } {
    const missing = (this.kind.spec.required ?? []).filter((name) => news[name] === undefined);
    const reasons = missing.map((name) => `Missing required property '${name}'`);
    reasons.push(...this.wrongTypes(news));
    if (reasons.length === 0) reasons.push(...this.kind.problems(this.complete(news)));
    return { inputs: bare(news), failures: reasons.map((reason) => ({ property: "", reason })) };
  }

  diff(state: Props, _olds: Props, news: Props, ignore: readonly string[]): DiffResult {
    const changes = new Map<string, Change>();
    const wanted = this.complete(bare(news));
    const had = bare(state);
    for (const name of Object.keys(this.kind.spec.properties ?? {})) {
      if (!ignore.includes(name) && !same(had[name], wanted[name])) changes.set(name, "update");
    }
    const replaces = new Set(
      [...changes.keys()].filter((name) => !this.harmless(name, had[name], wanted[name])),
    );
    return { changes, replaces, hasChanges: changes.size > 0, detailed: false };
  }

  create(inputs: Props, context: Context): Promise<{ id: string; state: Props }> {
    const all = this.complete(bare(inputs));
    if (context.preview) {
      const unknowns = Object.fromEntries(this.kind.outputs.map((name) => [name, unknown]));
      return Promise.resolve({ id: "", state: { ...all, ...unknowns } });
    }
    const { id, outputs } = this.kind.make(all);
    return Promise.resolve({ id, state: { ...all, ...outputs, ...this.meta() } });
  }

  /** Keeps the outputs: a change that matters replaces the resource. */
  update(state: Props, inputs: Props): Promise<Props> {
    const outputs = Object.fromEntries(
      Object.entries(state).filter(([k]) => !(k in (this.kind.spec.properties ?? {}))),
    );
    return Promise.resolve({ ...this.complete(bare(inputs)), ...outputs });
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  /** Returns an existing state unchanged; an import computes the state from the id. */
  read(id: string, state: Props, inputs: Props): { id: string; state: Props; inputs: Props } {
    if (Object.keys(state).length > 0) return { id, state, inputs };
    const { inputs: found, made } = this.kind.parse(id);
    return {
      id: made.id,
      state: { ...this.complete(found), ...made.outputs, ...this.meta() },
      inputs: found,
    };
  }

  /** True for two spellings of the same value: keepers absent or empty, overrideSpecial absent or empty. */
  private harmless(name: string, had: Value | undefined, wanted: Value | undefined): boolean {
    if (name === "overrideSpecial") return had === "" && wanted === undefined;
    const empty = (v: Value | undefined): boolean =>
      v === undefined || (isObject(v) && Object.keys(v).length === 0);
    return name === "keepers" && !this.kind.strictKeepers && empty(had) && empty(wanted);
  }

  private meta(): Props {
    return this.kind.meta === undefined ? {} : { __meta: JSON.stringify({ schema_version: this.kind.meta }) };
  }

  private wrongTypes(news: Props): string[] {
    return Object.entries(this.kind.spec.properties ?? {}).flatMap(([name, spec]) => {
      const v = reveal(news[name] ?? null);
      if (v === null || isUnknown(v) || coerced(spec, v) !== undefined) return [];
      return [`Expected ${wanted(spec)} for '${name}'`];
    });
  }

  /** The schema's properties, converted to their types, with defaults. */
  private complete(news: Props): Props {
    const out: Props = {};
    for (const [name, spec] of Object.entries(this.kind.spec.properties ?? {})) {
      const given = news[name] === undefined ? undefined : coerced(spec, reveal(news[name]));
      const value = given ?? this.kind.defaults[name];
      if (value !== undefined) out[name] = value;
    }
    return "numeric" in this.kind.defaults ? { ...out, ...digits(news) } : out;
  }
}

/** `number` is the old name of `numeric`: either sets both. */
function digits(news: Props): Props {
  const value = reveal(news.numeric ?? news.number ?? true);
  return { number: value === "false" ? false : value, numeric: value === "false" ? false : value };
}

/** Converts a value to the schema's type, as the engine allows ("4" for 4). Returns undefined if that is impossible. */
function coerced(spec: PropertySpec, v: Value): Value | undefined {
  if (isUnknown(v)) return v;
  if (spec.additionalProperties) {
    if (!isObject(v)) return undefined;
    return Object.fromEntries(
      Object.entries(v).map(([k, item]) => [k, coerced({ type: "string" }, item) ?? null]),
    );
  }
  switch (spec.type) {
    case "integer":
      return (typeof v === "number" || (typeof v === "string" && v.trim() !== "")) &&
        Number.isInteger(Number(v))
        ? Number(v)
        : undefined;
    case "boolean":
      return typeof v === "boolean" ? v : ({ true: true, false: false } as const)[asText(v)];
    default:
      return typeof v === "object" ? undefined : String(v);
  }
}

function wanted(spec: PropertySpec): string {
  return spec.additionalProperties
    ? "a map of strings"
    : spec.type === "integer"
      ? "a Number"
      : `a ${spec.type ?? "value"}`;
}

function same(a: Value | undefined, b: Value | undefined): boolean {
  return !containsUnknown(b) && equal(a ?? null, b ?? null);
}

function bare(p: Props): Props {
  const revealed = reveal(p);
  return isObject(revealed) ? revealed : {};
}
