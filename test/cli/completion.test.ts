/** What a Tab does in each shell: the printed scripts, in the real shells, with the candidates of the table of commands. */
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../cli/commands";
import { candidates, type Candidate, type Names } from "../../cli/help/candidates";
import { Exit } from "../../cli/exit";
import { main } from "../../cli/main";
import { shellWord } from "../../guest/quote";
import { temporary } from "../lib/temporary";
import { project, world } from "./world";

const names: Names = { hosts: ["kvm1", "kvm2"], containers: ["c1"], stacks: ["lab", "two"] };
const answer = (line: string): Candidate[] => candidates(commands, line.split(" ").slice(1), () => names);
const words = (line: string): string[] => answer(line).map(([word]) => word);

/** Each command's options, and a line for each kind of candidate. */
const LINES = [
  ...commands.map(({ name }) => `vxlab ${name} -`),
  ...["vxlab ", "vxlab sta", "vxlab status --j", "vxlab status -s ", "vxlab graph -f m", "vxlab capture "],
  ...[
    "vxlab status --",
    "vxlab cp k",
    "vxlab cp kvm1",
    "vxlab cp c",
    "vxlab restart kvm2",
    "vxlab completion z",
  ],
];

/** A folder with a `vxlab` that answers these lines as the real one does, and a file whose name is a candidate of no line. */
let folder: string;
beforeAll(() => {
  folder = temporary("completion");
  const cases = LINES.map((line) => {
    const asked = ["completion", "words", "--", ...line.split(" ").slice(1)].join(" ");
    const said = answer(line).map((one) => `${one.join("\t")}\n`);
    return `${shellWord(asked)}) printf %s ${shellWord(said.join(""))} ;;`;
  });
  writeFileSync(join(folder, "vxlab"), ["#!/bin/sh", 'case "$*" in', ...cases, "esac", ""].join("\n"));
  chmodSync(join(folder, "vxlab"), 0o755);
  writeFileSync(join(folder, "file"), "");
});

const script = (shell: string): string => join(project, `cli/help/completion.${shell}`);
const run = (shell: string, ...args: string[]): string =>
  execFileSync(shell, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 25_000,
    env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder, TERM: "dumb" },
    stdio: ["ignore", "pipe", "pipe"],
  });

describe("the completion script", () => {
  it.each([
    ["bash", "-n", "if"],
    ["zsh", "-n", "if"],
    ["fish", "--no-execute", "end"],
  ])("of %s is one that the shell can read", (shell, flag, fault) => {
    expect(run(shell, flag, script(shell))).toBe("");
    // Control: the flag sees an error of syntax.
    const broken = join(folder, `broken.${shell}`);
    writeFileSync(broken, `${readFileSync(script(shell), "utf8")}\n${fault}\n`);
    expect(() => run(shell, flag, broken)).toThrow();
  });

  it.each(["bash", "zsh", "fish"])("of %s is what is printed", async (shell) => {
    const context = world({}, commands);
    expect(await main(["completion", shell], context)).toBe(Exit.ok);
    expect(context.stdout()).toBe(readFileSync(script(shell), "utf8"));
  });
});

describe("a Tab in bash", () => {
  const tab = (line: string): string[] => {
    const typed = line.split(" ");
    const lines = [
      `. ${script("bash")}; compopt() { printf 'compopt %s\\n' "$*"; }`,
      `COMP_WORDS=(${typed.map(shellWord).join(" ")}) COMP_CWORD=${typed.length - 1}; _vxlab`,
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
    ];
    return run("bash", "-euc", lines.join("\n")).trim().split("\n");
  };

  it.each(["vxlab status -", "vxlab ", "vxlab capture "])("after %j offers the table's words", (line) => {
    expect(words(line).length).toBeGreaterThan(1);
    expect(tab(line)).toEqual(words(line));
  });

  it("adds no space where a path follows", () => {
    expect(tab("vxlab cp kvm1")).toEqual(["compopt -o nospace", "kvm1:"]);
  });
});

describe("a Tab in fish", () => {
  /** By line, what `complete -C` offers: words and descriptions. */
  let found: Map<string, string[]>;
  beforeAll(() => {
    const asks = [...LINES, "vxlab exec f"].map(
      (line) => `echo "== ${line}"; complete -C ${shellWord(line)}`,
    );
    const said = run("fish", "--no-config", "-c", [`source ${script("fish")}`, ...asks].join("\n"));
    found = new Map(
      said.split(/^== /m).map((part) => {
        const [line = "", ...rest] = part.split("\n");
        return [line, rest.filter((one) => one !== "")];
      }),
    );
  });

  it.each(LINES)("after %j offers the table's words with their meaning", (line) => {
    const expected = answer(line).map(([word, doc]) => (doc === "" ? word : `${word}\t${doc}`));
    expect(expected).not.toEqual([]);
    expect(found.get(line)?.sort()).toEqual(expected.sort());
  });

  it("offers files where vxlab has no words", () => {
    expect(found.get("vxlab exec f")).toEqual(["file"]);
  });
});

/** An interactive zsh on a terminal of its own (zshmodules(1), zsh/zpty): `line`, a Tab, and what then is on the line. */
const ZSH = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PROMPT=; autoload -Uz compinit; compinit -D -u; . '$1'; show() echo "<<$BUFFER>>"; zle -N show; bindkey "^X" show; echo READY'
zpty -r z said '*READY*READY*'
zpty -n -w z "$2"$'\\t'
zpty -n -w z $'\\x18'
zpty -r z said '*<<*>>*'
print -r -- "$said"
`;

describe("a Tab in zsh", () => {
  const tab = (line: string): { line: string; said: string } => {
    const said = run("zsh", "-f", "-c", ZSH, "zsh", script("zsh"), line);
    return { line: /<<(.*)>>/.exec(said)?.[1] ?? "", said };
  };

  it.each([
    ["vxlab sta", "vxlab status "],
    ["vxlab status --j", "vxlab status --json "],
    ["vxlab graph -f m", "vxlab graph -f mermaid "],
    ["vxlab restart kvm2", "vxlab restart kvm2 "],
    ["vxlab cp k", "vxlab cp kvm"],
    ["vxlab cp kvm1", "vxlab cp kvm1:"],
    ["vxlab cp c", "vxlab cp c1:"],
    ["vxlab exec f", "vxlab exec file "],
  ])("completes %j to %j", (typed, completed) => {
    expect(tab(typed).line).toBe(completed);
  });

  it.each(["vxlab capture ", "vxlab status --", "vxlab status -s "])("lists the words after %j", (line) => {
    const { said } = tab(line);
    expect(words(line).filter((word) => !said.includes(word))).toEqual([]);
  });
});
