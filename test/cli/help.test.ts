/** What is made of the table of commands. `UPDATE=1` writes the files again. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../cli/commands";
import { candidates, type Names } from "../../cli/help/candidates";
import { globalOptions } from "../../cli/help/globals";
import { manPage } from "../../cli/help/man";
import { commandsPage } from "../../cli/help/markdown";
import { helpFile, helpOf, usage } from "../../cli/help/text";
import { Exit } from "../../cli/exit";
import { main } from "../../cli/main";
import { run } from "../../system/process";
import { temporary } from "../lib/temporary";
import { project, world } from "./world";

const SHELLS = ["bash", "zsh", "fish"];

const FILES: readonly [path: string, text: () => string][] = [
  ["cli/help/help.txt", () => helpFile(commands)],
  ["docs/commands.md", () => commandsPage(commands)],
  ["docs/vxlab.1", () => manPage(commands)],
];

describe("the table of commands", () => {
  it.each(FILES)("is what %s says", (path, text) => {
    if (process.env["UPDATE"] !== undefined) writeFileSync(join(project, path), text());
    expect(readFileSync(join(project, path), "utf8")).toBe(text());
  });

  it("has for every command examples that begin with its name, and short help", () => {
    for (const command of commands) {
      expect(command.examples.length, command.name).toBeGreaterThan(0);
      for (const [line] of command.examples) expect(line.split(" ")[0]).toBe(command.name);
      expect(helpOf(command).split("\n").length, command.name).toBeLessThan(24);
    }
  });

  it("has examples whose options exist", () => {
    for (const { name, examples, options, passesOptions } of commands) {
      if (passesOptions === true) continue;
      for (const [line] of examples) {
        const [own = ""] = line.split(/ -- | \| |; | > /);
        const used = own.split(" ").filter((word) => /^-./.test(word));
        const known = Object.entries(options).flatMap(([long, { short }]) => [`--${long}`, `-${short}`]);
        expect(known, `${name}: ${line}`).toEqual(expect.arrayContaining(used));
      }
    }
  });

  it("makes a man page of ASCII, with the macros of man(7) and nothing else at the start of a line", () => {
    const lines = manPage(commands).split("\n");
    const macros = lines.filter((line) => /^[.']/.test(line)).map((line) => line.split(" ")[0]);
    expect([...new Set(macros)].sort()).toEqual([
      ".B",
      ".BR",
      ".PP",
      ".RE",
      ".RS",
      ".SH",
      ".SS",
      ".TH",
      ".TP",
      ".fi",
      ".nf",
    ]);
    expect(lines.filter((line) => /[^ -~]/.test(line))).toEqual([]);
  });
});

describe("help before there is anything to run", () => {
  const clone = temporary("help");
  beforeAll(() => {
    mkdirSync(join(clone, "cli/help"), { recursive: true });
    for (const path of ["vxlab", "cli/help/help.txt", "package.json"])
      cpSync(join(project, path), join(clone, path));
  });
  // No node, no npm: only what the launcher itself needs.
  const env = { PATH: "/usr/bin:/bin", HOME: clone };

  it.each([
    [[], usage(commands)],
    [["--help"], usage(commands)],
    [["-h"], usage(commands)],
    [["help"], usage(commands)],
    [["help", "status"], helpOf(commands.find(({ name }) => name === "status") ?? commands[0])],
    [["capture", "--help"], helpOf(commands.find(({ name }) => name === "capture") ?? commands[0])],
    [
      ["--version"],
      `vxlab ${(JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { version: string }).version}`,
    ],
  ])("./vxlab %j prints what the program would, and leaves nothing behind", async (args, text) => {
    const { code, stdout } = await run(join(clone, "vxlab"), args, { env });
    expect([code, stdout]).toEqual([0, `${text}\n`]);
    const context = world({}, commands);
    expect(await main(args, context)).toBe(Exit.ok);
    expect(context.stdout()).toBe(`${text}\n`);
    expect((await run("ls", ["-A", clone])).stdout.split("\n").filter(Boolean)).toEqual([
      "cli",
      "package.json",
      "vxlab",
    ]);
  });
});

const names: Names = { hosts: ["kvm1", "kvm2"], containers: ["c1"], stacks: ["lab", "two"] };
const offered = (...words: string[]) => candidates(commands, words, () => names).map(([word]) => word);

describe("completion", () => {
  it.each([
    [["sta"], ["status"]],
    [["--v"], ["--verbose", "--version"]],
    [["-C", "/tmp", "gra"], ["graph"]],
    [["status", "--j"], ["--json"]],
    [
      ["status", "-s", ""],
      ["lab", "two"],
    ],
    [["graph", "-f", "m"], ["mermaid"]],
    [
      ["capture", ""],
      ["kvm1", "kvm2", "c1"],
    ],
    [
      ["ssh", ""],
      ["kvm1", "kvm2"],
    ],
    [["exec", ""], ["c1"]],
    [
      ["cp", "k"],
      ["kvm1:", "kvm2:"],
    ],
    [["exec", "c1", "--", ""], []],
    [["completion", ""], SHELLS],
    [["nonsense", "-"], Object.keys(globalOptions).map((name) => `--${name}`)],
  ])("of %j is %j", (words, expected) => {
    expect(offered(...words).sort()).toEqual([...expected].sort());
  });
});
