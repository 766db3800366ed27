/** Defaults of settings: the table has them, and nothing else writes them again. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SETTINGS } from "../../plan/settings";
import type { Setting } from "../../plan/setting";
import { ENCAPSULATIONS } from "../../plan/net/encap";
import { assumedMtu } from "../../components/segment/mtu";
import { WIREGUARD_PORT } from "../../components/encryption/wireguard";
import { MEMORY } from "../../components/host/spec";
import { UnderlayMode } from "../../components/underlay/spec";

const ROOT = join(__dirname, "../..");

/** Where settings are used: all but the tables. */
const FILES = ["components", "plan", "verify", "cli", "stacks", "policy"]
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  )
  .filter((file) => /[.]ts$/.test(file) && !/(^|[/])(spec[^/]*|settings)[.]ts$/.test(file));

type Scalar = string | number | boolean;

/** Every default that is one value, by the setting's key. */
function defaultsIn(setting: Setting, key: string): [string, Scalar][] {
  if (setting.kind === "named") return defaultsIn(setting.each, "");
  if (setting.kind === "list") return setting.of === undefined ? [] : defaultsIn(setting.of, "");
  if (setting.kind === "section")
    return Object.entries(setting.fields).flatMap(([key, one]) => defaultsIn(one, key));
  return "default" in setting && setting.default !== undefined ? [[key, setting.default]] : [];
}

const DEFAULTS = new Map<string, Set<Scalar>>();
for (const [key, value] of defaultsIn(SETTINGS, ""))
  DEFAULTS.set(key, (DEFAULTS.get(key) ?? new Set()).add(value));

/** Arguments of components whose default differs from that of the setting of their name, or that have one where the setting has words. */
const OWN: Readonly<Record<string, readonly Scalar[]>> = {
  // Beside a default that is given by other settings.
  memory: [MEMORY.golden.default],
  mtu: [assumedMtu()],
  udpPort: [ENCAPSULATIONS.vxlan.udpPort],
  mode: [UnderlayMode.Isolated],
  // Of WireGuard.
  port: [WIREGUARD_PORT],
  // Of an existing host: it is there already.
  bootTimeout: [30],
};

/** A literal of TypeScript, or a member of an enum whose value is its name in lower case; undefined for anything else. */
function literal(text: string): Scalar | undefined {
  if (/^(true|false)$/.test(text)) return text === "true";
  if (/^\d[\d_]*$/.test(text)) return Number(text.replaceAll("_", ""));
  return /^"([^"]*)"$/.exec(text)?.[1] ?? /^[A-Z]\w+[.]([A-Z]\w*)$/.exec(text)?.[1]?.toLowerCase();
}

const LITERAL = String.raw`(true|false|\d[\d_]*|"[^"]*"|[A-Z]\w+[.][A-Z][a-z]\w*)`;

/** `key = LITERAL` of a parameter, `key ?? LITERAL`: a default where the table's belongs. */
function retyped(code: string): string[] {
  const bare = code.replace(/\/\*.*?\*\/|\/\/.*$/gms, "");
  const found = [
    ...bare.matchAll(new RegExp(String.raw`(?<=[{,]\s*)(\w+)(?:: \w+)? = ${LITERAL}(?=\s*[,}])`, "g")),
    ...bare.matchAll(new RegExp(String.raw`\b(\w+) \?\? ${LITERAL}`, "g")),
  ];
  return found.flatMap(([all, key = "", text = ""]) => {
    const value = literal(text);
    return value !== undefined && DEFAULTS.get(key)?.has(value) === true ? [all] : [];
  });
}

/** Docstrings of an argument that name a default which is one value. */
function documented(code: string): [string, string][] {
  const all = code.matchAll(
    new RegExp(String.raw`@default ${LITERAL}(?:\s*\*\/)\s*(?:public readonly )?(\w+)\??:`, "g"),
  );
  return [...all].map(([, text = "", key = ""]) => [key, text]);
}

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

describe("the default of a setting", () => {
  it("is written in its table and nowhere else", () => {
    expect(FILES.flatMap((file) => retyped(read(file)).map((found) => `${file}: ${found}`))).toEqual([]);
  });

  it.each([
    ["a parameter", "const f = ({ mtu = 1500 }: Args) => mtu;", ["mtu = 1500"]],
    [
      "a parameter under another name",
      "({ protected: on = 1, guard: g = true, a }) => g",
      ["guard: g = true"],
    ],
    ["a fallback", "const mtu = args.mtu ?? 1500;", ["mtu ?? 1500"]],
    [
      "a member of an enum",
      "const f = ({ flooding = Flooding.Unicast }) => flooding;",
      ["flooding = Flooding.Unicast"],
    ],
    ["a word", 'const kind = text(image.kind) || image.kind ?? "golden";', ['kind ?? "golden"']],
    ["another value", "const f = ({ mtu = 9000, flooding = Flooding.Flow }) => mtu;", []],
    ["a comment", "// mtu ?? 1500", []],
    ["the table's", "const f = ({ mtu = UNDERLAY.mtu.default }) => mtu;", []],
  ])("is found in %s", (_, code, found) => {
    expect(retyped(code)).toEqual(found);
  });

  it("is what the docstrings of components' arguments say", () => {
    const said = FILES.flatMap((file) =>
      documented(read(file)).map(([key, text]) => ({ where: `${file} ${key}`, key, text })),
    ).filter(({ key }) => DEFAULTS.has(key) || key in OWN);
    expect(said.length).toBeGreaterThan(25);
    const wrong = said.filter(({ key, text }) => {
      const value = literal(text);
      return value === undefined || !(DEFAULTS.get(key)?.has(value) || OWN[key]?.includes(value));
    });
    expect(wrong.map(({ where, text }) => `${where}: ${text}`)).toEqual([]);
  });
});
