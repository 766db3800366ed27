import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Context } from "../../cli/command";
import { commands } from "../../cli/commands";
import { Exit } from "../../cli/exit";
import { roleOf } from "../../cli/state/roles";
import { wantedImage } from "../../cli/engine/wanted-image";
import { main } from "../../cli/main";
import { keepAnswer } from "../../cli/settings/answer";
import { ownSetting, projectName, readSettings } from "../../cli/settings/files";
import type { Value } from "../../cli/settings/go-yaml";
import { settingsHints } from "../../cli/settings/hints";
import { filesOf, WRITTEN } from "../lib/settings-files";
import { temporary } from "../lib/temporary";
import { world } from "./world";

function written(files: Record<string, string>): string {
  const root = temporary("settings");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const stack = (...lines: string[]): Record<string, string> => ({
  "Pulumi.yaml": "name: vxlab\nruntime: nodejs\n",
  "Pulumi.lab.yaml": ["config:", ...lines.map((line) => `  ${line}`), ""].join("\n"),
});

/** Texts as the program gets them; the engine's test compares the same with the real Pulumi. */
const asText = (value: Value) =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : value;

describe("the reader of settings", () => {
  it.each(WRITTEN.map((one) => [one.title, one] as const))("reads %s", (_, one) => {
    const { values } = readSettings(written(filesOf(one)), "lab");
    const own = [...values].filter(([key]) => key.startsWith("vxlab:"));
    const read = own.map(([key, value]) => [key.slice("vxlab:".length), asText(value)]);
    expect(Object.fromEntries(read)).toEqual(one.expected);
  });

  it.each([
    ['name: "fake-1" # mine\n', "fake-1"],
    ['{"name": "fake"}', "fake"],
    ["config: {}\n", "vxlab"],
  ])("finds the project's name in %j", (text, name) => {
    expect(projectName(written({ "Pulumi.yaml": text }))).toBe(name);
  });

  it("takes text that is JSON for what it says, as the program does", () => {
    const settings = readSettings(written(stack(`vxlab:image: '{"path":"/x"}'`)), "lab");
    expect(ownSetting(settings, "image")).toEqual({ path: "/x" });
  });

  it.each([
    ["role", "overlay", (context: Context) => roleOf(context, "lab")],
    ["image", "{ path: /x }", (context: Context) => wantedImage(context, "lab")],
  ])("feeds the CLI's own questions: %s", (name, value, ask) => {
    const context = (value: string) =>
      ({ paths: { root: written(stack(`vxlab:${name}: ${value}`)) } }) as Context;
    expect(ask(context(value))).toBe(name === "role" ? "overlay" : undefined);
    expect(ask(context(`{ value: ${value} }`))).not.toBe(name === "role" ? "overlay" : undefined);
  });

  it("refuses a setting that it needs and cannot decrypt", () => {
    const settings = readSettings(written(stack("vxlab:role: { secure: v1:x }")), "lab");
    expect(() => ownSetting(settings, "role")).toThrow(/vxlab:role is encrypted, .* without --secret/);
  });
});

describe("a file that is not YAML", () => {
  it.each([
    ["vxlab:role: overlay: x", "line 2: Nested mappings are not allowed in compact mappings"],
    [
      "vxlab:role: [overlay",
      "line 3: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["vxlab:role: a\n  vxlab:role: b", "line 3: Map keys must be unique"],
    ["vxlab:role: *nobody", "line 2: The anchor &nobody is not defined"],
  ])(
    "%j is refused with its line and the code for bad settings, before anything else",
    async (line, said) => {
      const here = world({}, commands);
      here.write("Pulumi.lab.yaml", `config:\n  ${line}\n`);
      expect(await main(["up"], here)).toBe(Exit.usage);
      expect(here.stderr()).toBe(`vxlab: Pulumi.lab.yaml, ${said}. Correct the YAML there.\n`);
    },
  );

  it("can be the project's", async () => {
    const here = world({}, commands);
    here.write("Pulumi.yaml", "name: fake\n config: {}\n");
    expect(await main(["preview"], here)).toBe(Exit.usage);
    expect(here.stderr()).toMatch(/^vxlab: Pulumi\.yaml, line \d: /);
  });
});

describe("hints", () => {
  const hints = (...lines: string[]) => settingsHints(written(stack(...lines)), "lab");

  it("name file and line of a number that YAML changes, and what to write", () => {
    expect(
      hints("vxlab:segments:", "  red:", "    vni: 010", "vxlab:hosts: { a: { memory: 0512 } }"),
    ).toEqual([
      'Pulumi.lab.yaml, line 4: vxlab:segments.red.vni: 010 is read as 8, since YAML takes a leading zero for octal. Write 10 or 8 for a number, "010" for a text.',
      'Pulumi.lab.yaml, line 5: vxlab:hosts.a.memory: 0512 is read as 330, since YAML takes a leading zero for octal. Write 512 or 330 for a number, "0512" for a text.',
    ]);
  });

  it("name two keys that become one", () => {
    expect(hints("vxlab:hosts:", "  001: {}", "  1: {}")).toEqual([
      "Pulumi.lab.yaml, line 4: vxlab:hosts: 1 and 001 in line 3 are both read as 1, and only the last counts. Quote the names.",
    ]);
  });

  it.each([
    ["{ env: { V: 1.10 } }", 'V: 1.10 is read as 1.1. Write "1.10" for a text.'],
    [
      "{ env: { D: 2020-01-01 } }",
      'D: 2020-01-01 is read as "2020-01-01 00:00:00 +0000 UTC". Write "2020-01-01" for a text.',
    ],
    ["{ 007: {} }", 'the name 007 is read as 7. Write "007".'],
    ["{ 1e3: {} }", 'the name 1e3 is read as 1000. Write "1e3".'],
    ["[{ <<: { a: 09 } }]", 'a: 09 is read as 9. Write "09" for a text.'],
  ])("say what arrives of %s", (value, said) => {
    expect(hints(`vxlab:containers: ${value}`).join("\n")).toContain(said);
  });

  it.each([
    "10",
    "0",
    '"010"',
    "'0512'",
    "0x1F",
    "0o17",
    "1_000",
    "+5",
    "-3",
    "1.5",
    "10.0.3.0/24",
    "00:11",
    "true",
    "!!str 010",
    "0755x",
  ])("say nothing of %s", (value) => expect(hints(`vxlab:containers: { a: ${value} }`)).toEqual([]));

  it("look at the project's settings that count", () => {
    const project =
      "name: vxlab\nruntime: nodejs\nconfig:\n  vxlab:hosts: { value: { a: 010 } }\n  vxlab:image: { value: { a: 011 } }\n";
    const root = written({ ...stack("vxlab:hosts: {}"), "Pulumi.yaml": project });
    expect(settingsHints(root, "lab")).toEqual([expect.stringMatching(/^Pulumi\.yaml, line 5: vxlab:image/)]);
  });

  it("are said by preview before anything else", async () => {
    const here = world({ PATH: "/nonexistent" }, commands);
    here.write("Pulumi.lab.yaml", "config:\n  vxlab:bootTimeout: 0600\n");
    await main(["preview"], here);
    expect(here.stderr()).toMatch(
      /^warning: Pulumi\.lab\.yaml, line 2: vxlab:bootTimeout: 0600 is read as 384/,
    );
  });
});

/** toolchain/libvirt.sh itself is libvirt-mode.test.ts's. */
describe("the answer for libvirt.sh", () => {
  const kept = (root: string) => readFileSync(join(root, ".vxlab", "settings", "lab"), "utf8").split("\n");

  it("is another when a file is", () => {
    const root = written(stack("vxlab:libvirtUri: qemu:///x"));
    keepAnswer(root, "lab", "/nonexistent");
    const before = kept(root);
    utimesSync(join(root, "Pulumi.lab.yaml"), 1, 1);
    keepAnswer(root, "lab", "/nonexistent");
    expect(kept(root)[0]).not.toBe(before[0]);
    const { mtimeMs } = statSync(join(root, ".vxlab", "settings", "lab"));
    keepAnswer(root, "lab", "/nonexistent");
    expect(statSync(join(root, ".vxlab", "settings", "lab")).mtimeMs).toBe(mtimeMs);
  });
});
