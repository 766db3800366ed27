// Wire formats of Pulumi's values, and their normal form for comparisons.
import type { Json, Props } from "./driver";

const key = "4dabf18193072939515e22adb298388d";

export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const secret = (value: Json): Props => ({ [key]: "1b47061264138c4ac30d75fd1eb44270", value });

const isObject = (v: Json | undefined): v is Props =>
  typeof v === "object" && v !== null && !Array.isArray(v);

export const isSecret = (v: Json | undefined): boolean =>
  isObject(v) && v[key] === "1b47061264138c4ac30d75fd1eb44270";

/** Replaces every unknown, and every output value without content, with "?". */
export function normal(v: Json): Json {
  if (typeof v === "string")
    return v === unknown || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(v) ? "?" : v;
  if (Array.isArray(v)) return v.map(normal);
  if (!isObject(v)) return v;
  if (v[key] === "d0e6a833031e9bbcd3f4e8bde6ca49a4") return v.secret === true ? secret("?") : "?";
  return Object.fromEntries(Object.entries(v).map(([k, inner]) => [k, normal(inner)]));
}
