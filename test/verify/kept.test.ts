/** verify/evidence/kept.sh: what tells one file of desired state from the others, wherever it is written in the file. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { fabric, sentBy, type Sent } from "../guest/labs";
import { temporary } from "../lib/temporary";

const SCRIPT = join(__dirname, "../../verify/evidence/kept.sh");
const LEVEL2 = join(__dirname, "../guest/fixtures/level2");

let sent: Sent[];
beforeAll(async () => {
  sent = await sentBy(fabric());
});

/** The lines of these files, whose names have the kind of each. */
function linesOf(shell: string, files: readonly (readonly [kind: string, text: string])[]): string[] {
  const folder = join(temporary("kept"), "desired");
  mkdirSync(folder);
  files.forEach(([kind, text], number) =>
    writeFileSync(join(folder, `${kind}-${1000 + number}.json`), `${text}\n`),
  );
  // busybox with its own awk.
  const bin = join(folder, "../bin");
  mkdirSync(bin);
  if (shell !== "dash") symlinkSync("/bin/busybox", join(bin, "awk"));
  const [program = "", ...words] = shell.split(" ");
  const { stdout, stderr } = spawnSync(program, [...words, SCRIPT, folder], {
    env: { PATH: `${bin}:/usr/bin:/bin` },
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return stdout.split("\n").slice(1, -1).sort();
}

interface Line {
  id: string;
  lab: string;
  state: Record<string, unknown>;
}
const keyOf = (kind: string) => (kind === "port" ? "vni" : kind === "service" ? "device" : "name");
const expected = (kind: string, { id, lab, state }: Line) =>
  `${kind} ${id} ${lab} ${String(state[keyOf(kind)])}`;

/** The same JSON with the keys of every object in another order. */
function shuffled(value: unknown, order: (keys: string[]) => string[]): unknown {
  if (Array.isArray(value)) return value.map((one) => shuffled(one, order));
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  return Object.fromEntries(order(Object.keys(record)).map((key) => [key, shuffled(record[key], order)]));
}

describe.each(["dash", "busybox sh"])("in %s", (shell) => {
  it("reads what is kept today, with keys in any order", () => {
    const random = fc.integer({ min: 1, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(random, (seed) => {
        let state = seed;
        const next = () => (state = (state * 48271) % 2147483647);
        const order = (keys: string[]) =>
          keys
            .map((key) => ({ key, at: next() }))
            .sort((a, b) => a.at - b.at)
            .map(({ key }) => key);
        const all = sent.map(({ kind, lines }) => ({
          kind,
          line: JSON.parse(lines.split("\n")[0] ?? "") as Line,
        }));
        const files = all.map(({ kind, line }) => [kind, JSON.stringify(shuffled(line, order))] as const);
        expect(linesOf(shell, files)).toEqual(all.map(({ kind, line }) => expected(kind, line)).sort());
      }),
      { numRuns: 5 },
    );
  });

  it("reads what level 2 kept", () => {
    const files = readdirSync(LEVEL2).map(
      (file) => [file.replace(/-.*/, ""), readFileSync(join(LEVEL2, file), "utf8").trim()] as const,
    );
    const lines = files.map(([kind, text]) => {
      const { id, lab, ...state } = JSON.parse(text) as Line;
      return expected(kind, { id, lab, state });
    });
    expect(linesOf(shell, files)).toEqual(lines.sort());
  });

  it("takes no text for a key, and nothing of a file that was cut short", () => {
    const command = ['"name":"x"', "\\", 'a\\"', "{", "]", "id", ":", "name"];
    const state = { command, interfaces: [{ name: "eth0" }], name: "c1" };
    const text = JSON.stringify({ state, lab: "00c0ffee", id: "lab-c1", v: 3 });
    expect(
      linesOf(shell, [
        ["container", text],
        ["container", text.slice(0, -9)],
      ]),
    ).toEqual(["container lab-c1 00c0ffee c1"]);
  });
});
