/**
 * The schema that other languages' SDKs are made of, as the real CLI reads it from the installed package.
 * After a change that is meant: `UPDATE=1 npx vitest run --project package test/package/schema.test.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ComponentResource } from "@pulumi/pulumi";
import { beforeAll, describe, expect, inject, it } from "vitest";
import * as entry from "../../components";
import { run } from "../../system/process";
import { checkout, good } from "../lib/project";

const snapshot = join(__dirname, "schema.json");

interface Schema {
  resources: Record<string, { inputProperties: object; properties: object; isComponent: boolean }>;
  dependencies?: unknown[];
}

let text: string;
let schema: Schema;

beforeAll(async () => {
  const program = join(checkout, ".vxlab", "bin", "pulumi");
  const words = ["package", "get-schema", "./node_modules/vxlab/plugin", "--non-interactive"];
  text = good(await run(program, words, { cwd: inject("app"), timeout: 120 }));
  schema = JSON.parse(text) as Schema;
  if (process.env["UPDATE"]) writeFileSync(snapshot, text);
});

describe("the schema", () => {
  it("has every component", () => {
    const components = Object.entries(entry)
      .filter(([, value]) => typeof value === "function" && value.prototype instanceof ComponentResource)
      .map(([name]) => `vxlab:index:${name}`);
    expect(Object.keys(schema.resources).sort()).toEqual(components.sort());
  });

  it("needs no other package's: an SDK of it stands alone", () =>
    expect(schema.dependencies).toBeUndefined());

  it("is the one that was agreed on", () =>
    expect(schema).toEqual(JSON.parse(readFileSync(snapshot, "utf8"))));
});
