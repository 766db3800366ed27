/**
 * The API reference by TypeDoc: no warning, and docs/reference.md is what the docstrings say.
 * After a change of a docstring: `UPDATE=1 npx vitest run --project package test/package/reference.test.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { beforeAll, expect, it } from "vitest";
import { run, type Result } from "../../system/process";
import { checkout, good } from "../lib/project";
import { temporary } from "../lib/temporary";
import { referencePage, type Reflection } from "./reference";

const page = join(checkout, "docs", "reference.md");
const folder = temporary("reference");
const json = join(folder, "api.json");

const typedoc = (...words: string[]): Promise<Result> =>
  run(join(checkout, "node_modules", ".bin", "typedoc"), ["--options", "docs/typedoc.json", ...words], {
    cwd: checkout,
    timeout: 300,
  });

let made: Result;
beforeAll(async () => {
  made = await typedoc("--out", join(folder, "html"), "--json", json);
});

it("npm run docs has no warning", () => {
  expect(good(made) + made.stderr).not.toMatch(/warning/i);
  expect(readFileSync(join(folder, "html", "index.html"), "utf8")).toContain("VxlanLab");
});

it("docs/reference.md is made of the docstrings", async () => {
  const text = referencePage(JSON.parse(readFileSync(json, "utf8")) as Reflection);
  const written = await format(text, { ...(await resolveConfig(page)), filepath: page });
  if (process.env["UPDATE"]) writeFileSync(page, written);
  expect(readFileSync(page, "utf8")).toBe(written);
});
