// Checks inputs against a package's schema: missing, unknown or wrongly typed fields, defaults, secrets.
import { isObject, isSecret, isSpecial, isUnknown, secret } from "./value";
import type { Props, Value } from "./value";

export interface TypeSpec {
  type?: string;
  $ref?: string;
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
}

export interface PropertySpec extends TypeSpec {
  default?: Value;
  secret?: boolean;
}

export interface ObjectSpec {
  type?: string;
  properties?: { [name: string]: PropertySpec };
  required?: string[];
}

interface ResourceSpec extends ObjectSpec {
  inputProperties?: { [name: string]: PropertySpec };
  requiredInputs?: string[];
}

export interface PackageSpec {
  name: string;
  version: string;
  types?: { [token: string]: ObjectSpec };
  resources: { [token: string]: ResourceSpec };
  functions?: { [token: string]: { inputs: ObjectSpec } };
}

export interface Problem {
  property: string;
  kind: "missing" | "unrecognized" | "type" | "nested";
  /** Found and expected type, if `kind` is "type". */
  got?: string;
  want?: string;
  /** The inner problems and their type, if `kind` is "nested". */
  type?: string;
  inner?: Problem[];
}

export interface Checked {
  value: Props;
  problems: Problem[];
}

/** The vendor's plugins use Go's names for JSON types. */
const goTypes: { [type: string]: string } = {
  string: "string",
  boolean: "bool",
  number: "float64",
  integer: "float64",
};

export class Schema {
  constructor(readonly spec: PackageSpec) {}

  inputs(token: string): ObjectSpec | undefined {
    const r = this.spec.resources[token];
    return r && { properties: r.inputProperties ?? {}, required: r.requiredInputs ?? [] };
  }

  /** `value` has defaults and secret marks, with problems only the marks. */
  check(object: ObjectSpec, value: Props): Checked {
    const problems = this.problems(object, value);
    const filled = problems.length === 0 ? this.defaults(object, value) : value;
    return { value: this.mark(object, filled), problems };
  }

  problems(object: ObjectSpec, value: Props): Problem[] {
    const specs = object.properties ?? {};
    const known = Object.entries(specs).flatMap(([property, spec]) => {
      const v = value[property];
      if (v !== undefined && v !== null) return this.typeProblems(property, spec, v);
      return object.required?.includes(property) ? [{ property, kind: "missing" as const }] : [];
    });
    const extra = Object.keys(value).filter((k) => !(k in specs) && !k.startsWith("__"));
    return [...known, ...extra.map((property) => ({ property, kind: "unrecognized" as const }))];
  }

  private object(spec: TypeSpec): { name: string; object: ObjectSpec } | undefined {
    const token = /^#\/types\/(.*)$/.exec(spec.$ref ?? "")?.[1];
    const object = token === undefined ? undefined : this.spec.types?.[token];
    return token !== undefined && object?.type === "object" ? { name: token, object } : undefined;
  }

  private typeProblems(property: string, spec: TypeSpec, wrapped: Value): Problem[] {
    const v = bare(wrapped);
    if (isUnknown(v)) return [];
    const nested = this.object(spec);
    if (nested) return this.objectProblems(property, nested, v);
    if (spec.type === "array") return this.arrayProblems(property, spec, v);
    if (spec.additionalProperties) return this.mapProblems(property, spec.additionalProperties, v);
    const want = spec.type ?? (spec.$ref?.startsWith("#/types/") ? "string" : undefined);
    if (want === undefined || kindOf(v) === goTypes[want]) return [];
    return [{ property, kind: "type", got: kindOf(v), want: goTypes[want] ?? want }];
  }

  private objectProblems(
    property: string,
    nested: { name: string; object: ObjectSpec },
    v: Value,
  ): Problem[] {
    if (!isObject(v)) return [{ property, kind: "type", got: kindOf(v), want: "map[string]interface {}" }];
    const inner = this.problems(nested.object, v);
    return inner.length === 0 ? [] : [{ property, kind: "nested", type: nested.name, inner }];
  }

  private arrayProblems(property: string, spec: TypeSpec, v: Value): Problem[] {
    if (!Array.isArray(v)) return [{ property, kind: "type", got: kindOf(v), want: "[]interface {}" }];
    const items = spec.items ?? {};
    return v.flatMap((item, i) =>
      item === null ? [] : this.typeProblems(`${property}[${String(i)}]`, items, item),
    );
  }

  private mapProblems(property: string, spec: TypeSpec, v: Value): Problem[] {
    if (!isObject(v)) return [{ property, kind: "type", got: kindOf(v), want: "map[string]interface {}" }];
    return Object.entries(v).flatMap(([k, item]) => this.typeProblems(`${property}[${k}] value`, spec, item));
  }

  private defaults(object: ObjectSpec, value: Props): Props {
    const out = { ...value };
    for (const [property, spec] of Object.entries(object.properties ?? {})) {
      const v = out[property];
      if ((v === undefined || v === null) && spec.default !== undefined) out[property] = spec.default;
      const nested = this.object(spec);
      if (nested && v !== undefined) out[property] = within(v, (o) => this.defaults(nested.object, o));
    }
    return out;
  }

  private mark(object: ObjectSpec, value: Props): Props {
    const out = { ...value };
    for (const [property, spec] of Object.entries(object.properties ?? {})) {
      const v = out[property];
      if (v === undefined || v === null) continue;
      const nested = this.object(spec);
      const marked = nested ? within(v, (o) => this.mark(nested.object, o)) : v;
      out[property] = spec.secret ? secret(marked) : marked;
    }
    return out;
  }
}

function bare(v: Value): Value {
  return isSecret(v) ? bare(v.value ?? null) : v;
}

/** Applies `f` to the object inside a value and keeps its secret wrappers. */
function within(v: Value, f: (o: Props) => Props): Value {
  if (isSecret(v)) return secret(within(v.value ?? null, f));
  return isObject(v) && !isSpecial(v) ? f(v) : v;
}

function kindOf(v: Value): string {
  if (Array.isArray(v)) return "[]interface {}";
  if (v !== null && typeof v === "object") return "map[string]interface {}";
  return { string: "string", number: "float64", boolean: "bool" }[typeof v as string] ?? "<nil>";
}
