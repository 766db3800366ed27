// Finds files that a local command has written, by globs (as github.com/gobwas/glob), and returns them as assets.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assetArchive, fileAsset } from "../lib/value";
import type { Props, Value } from "../lib/value";

/** Applies the rules in order; a rule that starts with `!` removes files. */
export function filesOf(dir: string, globs: readonly string[]): Props {
  const rules = globs.map((g) => ({ exclude: g.startsWith("!"), pattern: globPattern(g.replace(/^!/, "")) }));
  const found: Props = {};
  for (const path of walk(dir, "")) {
    for (const rule of rules) {
      if (!rule.pattern.test(path)) continue;
      if (rule.exclude) delete found[path];
      else found[path] ??= asset(join(dir, path));
    }
  }
  return found;
}

export function archiveOf(files: Props): Value {
  const names = Object.keys(files).sort();
  const hashes = names.map((n) => [n, (files[n] as Props).hash]);
  return assetArchive(files, createHash("sha256").update(JSON.stringify(hashes)).digest("hex"));
}

function asset(path: string): Props {
  return fileAsset(path, createHash("sha256").update(readFileSync(path)).digest("hex"));
}

/** Files and links, sorted by name as Go's fs.WalkDir does. */
function* walk(dir: string, below: string): Generator<string> {
  const entries = readdirSync(join(dir, below), { withFileTypes: true });
  for (const e of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === "" ? e.name : `${below}/${e.name}`;
    if (e.isDirectory()) yield* walk(dir, path);
    else yield path;
  }
}

const special: { [token: string]: string } = { "**": "[^]*", "*": "[^/]*", "?": "[^/]" };

/** `*` does not match a slash, `**` does; `?`, [list], [!list], {a,b} and a backslash as usual. */
function globPattern(glob: string): RegExp {
  const tokens = glob.match(/\*\*|\\[^]|\[[^\]]*\]|[^]/g) ?? [];
  let depth = 0;
  const parts = tokens.map((token) => {
    const braces = token === "{" ? 1 : token === "}" && depth > 0 ? -1 : 0;
    depth += braces;
    if (braces !== 0) return braces > 0 ? "(?:" : ")";
    if (token === "," && depth > 0) return "|";
    if (token.startsWith("[") && token.length > 2) return list(token.slice(1, -1));
    return special[token] ?? literal(token.length === 2 ? token.slice(1) : token);
  });
  return new RegExp(`^${parts.join("")}$`, "u");
}

function list(chars: string): string {
  return `[${chars.replace(/[\\[\]^]/g, "\\$&").replace(/^!/, "^")}]`;
}

function literal(c: string): string {
  return c.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
