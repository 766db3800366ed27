/** The picture and the table of how a lab grows are those of docs/growth.json, which bench/growth writes. UPDATE=1 writes them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { growthPlot, growthTable, type Point } from "./growth-plot";
import { checkout } from "./markdown";

const file = (name: string) => join(checkout, "docs", name);
const read = (name: string) => readFileSync(file(name), "utf8");
const points = JSON.parse(read("growth.json")) as Point[];
const MARKS = /(<!-- growth -->\n)[^]*(<!-- \/growth -->)/;

it.each([
  { name: "growth.svg", drawn: () => growthPlot(points) },
  {
    name: "measurements.md",
    drawn: () => read("measurements.md").replace(MARKS, `$1\n${growthTable(points)}\n\n$2`),
  },
])("docs/$name shows what was measured", ({ name, drawn }) => {
  const text = drawn();
  expect(text).toContain(name.endsWith(".svg") ? "<svg" : growthTable(points));
  if (process.env["UPDATE"] !== undefined) writeFileSync(file(name), text);
  expect(read(name)).toBe(text);
});

it("every command was measured at each size", () =>
  expect(points.flatMap(({ ms }) => Object.values(ms)).filter((ms) => !(ms > 0))).toEqual([]));
