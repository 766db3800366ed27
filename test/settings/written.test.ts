/** What is made of the settings table and kept in the repository; `UPDATE=1` writes it again. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as prettier from "prettier";
import { describe, expect, it } from "vitest";
import { SETTINGS } from "../../plan/settings";
import type { Setting } from "../../plan/setting";
import { settingsTable } from "./docs";
import { withDocstrings } from "./docstrings";
import { settingsSchema } from "./json-schema";

const MARKS = [
  "<!-- settings table: made of the specs, see CONTRIBUTING.md -->\n\n",
  "\n<!-- end -->",
] as const;

const ROOT = join(__dirname, "../..");

const SPECS = [
  "plan/settings.ts",
  ...readdirSync(join(ROOT, "components"), { recursive: true, encoding: "utf8" })
    .filter((file) => /(^|[/])spec[^/]*[.]ts$/.test(file))
    .map((file) => `components/${file}`)
    .sort(),
];

type Table = Readonly<Record<string, Setting>>;

function tablesOf(setting: Setting): Table[] {
  if (setting.kind === "named") return tablesOf(setting.each);
  if (setting.kind === "list") return setting.of === undefined ? [] : tablesOf(setting.of);
  return setting.kind === "section"
    ? [setting.fields, ...Object.values(setting.fields).flatMap(tablesOf)]
    : [];
}

/** Each interface in a file with its table: the one that says so, else the smallest that has all of its keys. */
async function interfacesIn(file: string): Promise<[string, Table | undefined][]> {
  const text = readFileSync(join(ROOT, file), "utf8");
  const exported = (await import(join(ROOT, file))) as Record<string, Table>;
  const all = text.matchAll(/^export interface (\w+)[^{]*\{\n(.*?)^\}/gms);
  return [...all].map(([, name = "", body = ""]) => {
    const keys = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, key = ""]) => key);
    const tables = tablesOf(SETTINGS).filter((table) => keys.every((key) => key in table));
    const [smallest] = tables.sort((a, b) => Object.keys(a).length - Object.keys(b).length);
    return [name, exported[tableOf(text, name)] ?? smallest];
  });
}

/** The constant whose type names the interface. */
function tableOf(text: string, name: string): string {
  const [before, after] = text.split(`} as const satisfies Fields<${name}>;`);
  if (after === undefined) return "";
  return [...(before ?? "").matchAll(/^export const (\w+) = \{$/gm)].at(-1)?.[1] ?? "";
}

async function agrees(file: string, wanted: (text: string) => string): Promise<void> {
  const path = join(ROOT, file);
  const text = readFileSync(path, "utf8");
  const options = await prettier.resolveConfig(path);
  const formatted = await prettier.format(wanted(text), { ...options, filepath: path });
  if (process.env["UPDATE"] !== undefined) writeFileSync(path, formatted);
  else expect(text).toBe(formatted);
}

describe("made of the settings table", () => {
  it("is the table of docs/settings.md", () =>
    agrees("docs/settings.md", (text) => {
      const [before = "", rest = ""] = text.split(MARKS[0]);
      const after = rest.slice(rest.indexOf(MARKS[1]));
      expect(after, "both marks are there").not.toBe("");
      return [before, MARKS[0], settingsTable(), "\n", after].join("");
    }));

  it("is the JSON schema for editors", () =>
    agrees("docs/settings.schema.json", () => JSON.stringify(settingsSchema())));

  it.each(SPECS)("are the docstrings of %s", async (file) => {
    const interfaces = await interfacesIn(file);
    expect(interfaces.length).toBeGreaterThan(0);
    await agrees(file, (text) =>
      interfaces.reduce((all, [name, fields]) => {
        expect(fields, name).toBeDefined();
        return withDocstrings(all, name, fields ?? {});
      }, text),
    );
  });
});
