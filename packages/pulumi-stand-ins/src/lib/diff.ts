// Compares two property maps as pulumi-go-provider's default Diff does.
import { equal, isObject, isSecret, isSpecial } from "./value";
import type { Props, Value } from "./value";

export type Change = "add" | "delete" | "update";
export type Changes = Map<string, Change>;

export function diff(olds: Props, news: Props): Changes {
  const changes: Changes = new Map();
  compareObjects("", olds, news, changes);
  return changes;
}

function compareObjects(path: string, olds: Props, news: Props, out: Changes): void {
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    compare(join(path, key), olds[key] ?? null, news[key] ?? null, out);
  }
}

function compare(path: string, old: Value, now: Value, out: Changes): void {
  if (old === null && now === null) return;
  if (old === null) out.set(path, "add");
  else if (now === null) out.set(path, "delete");
  else if (Array.isArray(old) && Array.isArray(now)) {
    for (let i = 0; i < Math.max(old.length, now.length); i++) {
      compareItem(`${path}[${String(i)}]`, old[i], now[i], out);
    }
  } else if (isPlainObject(old) && isPlainObject(now)) compareObjects(path, old, now, out);
  else if (!equal(old, now)) out.set(path, "update");
}

/** In an array, null is a value; only an index beyond the end is absent. */
function compareItem(path: string, old: Value | undefined, now: Value | undefined, out: Changes): void {
  if (old === undefined) out.set(path, "add");
  else if (now === undefined) out.set(path, "delete");
  else compare(path, old, now, out);
}

/** Compares a secret as a whole: the names of its parts could reveal it. */
function isPlainObject(v: Value): v is Props {
  return isObject(v) && !isSecret(v) && !isSpecial(v);
}

// As resource.PropertyPath.String(): dots between plain words, brackets and quotes around anything else
function join(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** The first property of a path. */
export function rootOf(path: string): string {
  const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(path);
  return quoted ? (JSON.parse(`"${quoted[1] ?? ""}"`) as string) : (/^[^.[]+/.exec(path)?.[0] ?? path);
}
