/** docs/verify.md has a row for each kind of check, and no other. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkout, textOf } from "./markdown";

/** The first words of the names of checks: name: `ssh/…`, name: ["mtu", …], one of two for IPv6 and IPv4. */
const NAME = /name: (?:`|\[")(\w+)(?:\/|",)|\? "(\w+6)" : "(\w+)"/g;

const made = (code: string): string[] =>
  [...code.matchAll(NAME)].flatMap(([, one, two, three]) =>
    [one, two, three].filter((word) => word !== undefined),
  );

/** The first words of the rows: `gateway[6]/…` is both. */
function rows(page: string): string[] {
  const cells = page.split("\n").flatMap((line) => /^\| (`\w.*?`) +\|/.exec(line)?.[1] ?? []);
  const names = cells.flatMap((cell) =>
    [...cell.matchAll(/`(\w+(?:\[\w+\])?)\//g)].map(([, name = ""]) => name),
  );
  return names.flatMap((name) => {
    const [, word = "", more] = /^(\w+)(?:\[(\w+)\])?$/.exec(name) ?? [];
    return more === undefined ? [word] : [word, word + more];
  });
}

it("has a row for each kind", () => {
  const folder = join(checkout, "verify", "checks");
  const files = [...readdirSync(folder).map((file) => join("checks", file)), "packets.ts"];
  // A ping that tries a tunnel is part of the check of that tunnel.
  const code = files.map((file) => readFileSync(join(checkout, "verify", file), "utf8"));
  const kinds = new Set(code.flatMap(made).filter((name) => name !== "across"));
  expect([...new Set(rows(textOf("docs/verify.md")))].sort()).toEqual([...kinds].sort());
  expect(kinds.size).toBeGreaterThan(20);
});

it("finds names and rows in each form", () => {
  const code = 'name: `a/${x}`, name: ["b", c], name: `${six ? "d6" : "d"}/${x}`, name: word,';
  expect(made(code)).toEqual(["a", "b", "d6", "d"]);
  expect(rows("| check | passes |\n| `a/X`, `b/X` | c |\n| `d[6]/X`   | e |\n")).toEqual([
    "a",
    "b",
    "d",
    "d6",
  ]);
});
