/** No function of the guest tools assigns a name that another kind of thing sees by mistake (shell-names.ts). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TOOL_PARTS } from "../../guest/render";
import { faultsOf } from "./shell-names";

const ROOT = join(__dirname, "../..");
const read = (files: readonly string[]) =>
  Object.fromEntries(files.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
const PARTS = read(TOOL_PARTS);

/** Of verify: small programs of their own. */
const HOST_SCRIPTS = readdirSync(join(ROOT, "verify/evidence"))
  .map((name) => `verify/evidence/${name}`)
  .filter((file) => file.endsWith(".sh"));

/** Functions of more than 40 lines: without comments, blank lines and here-documents, which are data. */
function longFunctions(text: string): string[] {
  const bare = text
    .replace(/(<<-?'?(\w+)'?.*\n)(?:.*\n)*?(\t*\2\n)/g, "$1$3")
    .replace(/^[ \t]*(#.*)?\n/gm, "");
  return [...bare.matchAll(/^(\w+)\(\) [{(]\n(?:.*\n)*?[})]$/gm)].flatMap(([all, name]) => {
    const { length } = all.split("\n");
    return length > 40 ? [`${name}: ${length}`] : [];
  });
}

const fault = (body: string, before = "") =>
  faultsOf({ ...PARTS, "new.sh": `${before}\nnew() {\n${body}\n}\n` });

describe("files of the guest tools", () => {
  it.each(Object.entries(PARTS))("%s has at most 250 lines", (_, text) => {
    expect(text.split("\n").length).toBeLessThanOrEqual(251);
  });

  it.each(Object.entries({ ...PARTS, ...read(HOST_SCRIPTS) }))(
    "%s has functions of at most 40 lines",
    (_, text) => {
      expect(longFunctions(text)).toEqual([]);
    },
  );

  it.each([
    ["40 lines", `new() {\n${"  :\n".repeat(38)}}\n`, []],
    ["41 lines", `new() {\n${"  :\n".repeat(39)}}\n`, ["new: 41"]],
    ["comments and blank lines", `new() {\n${"  # a\n\n".repeat(40)}}\n`, []],
    ["a here-document", `new() {\n  cat <<'TEXT'\n${"a\n}\n".repeat(30)}TEXT\n}\n`, []],
    ["41 lines in a subshell", `new() (\n${"  :\n".repeat(39)})\n`, ["new: 41"]],
  ])("%s", (_, text, found) => {
    expect(longFunctions(text)).toEqual(found);
  });
});

describe("functions of the guest tools", () => {
  it("assign locals, and what they say that they set", () => {
    expect(faultsOf(PARTS)).toEqual([]);
  });

  it.each([
    ["an assignment", "found=$1", "found"],
    ["one after a condition", '[ -z "$1" ] || found=yes', "found"],
    ["one in braces", "{ found=1 && echo; }", "found"],
    ["a second one", "local a=1\n  a=2 found=$(echo a)", "found"],
    ["a loop", "for one in a b; do echo; done", "one"],
    ["read", "while read -r _ one; do echo; done </dev/null", "one"],
    ["a default", ': "${found:=1}"', "found"],
    ["eval", 'eval "found=\\$$1"', "found"],
    ["a global", "STATE=/tmp", "STATE"],
    ["a pattern's command", "case $1 in a) found=1 ;; esac", "found"],
  ])("find %s", (_, body, name) => {
    expect(fault(body)).toEqual([`new.sh: new assigns ${name}`]);
  });

  it.each([
    ["a local", "local found; found=1"],
    ["an assignment for one command", "found=1 IFS= sh -c true"],
    ["what is quoted", "echo 'a; found=1' \"b; found=1\""],
    ["what runs in a shell of its own", 'echo "$(found=1; echo $found)"'],
    ["a here-document", "cat <<TEXT\nfound=1\nTEXT"],
    ["several locals of one name", 'eval "$NIC"\n nic=1 veth=2'],
  ])("let %s pass", (_, body) => {
    expect(fault(body)).toEqual([]);
  });

  it("find who calls what sets a name, and has it not", () => {
    expect(fault("port_gone ''")).toEqual(["new.sh: new calls port_gone, which sets gone"]);
    expect(fault("local gone\n  port_gone ''")).toEqual([]);
    expect(fault("port_gone ''", "# Sets: gone")).toEqual([]);
  });

  it.each(HOST_SCRIPTS)("assign locals in %s, too", (file) => {
    const own = / is a global in lower case$/;
    expect(faultsOf(read([file])).filter((one) => !own.test(one))).toEqual([]);
  });

  it("find globals in lower case, and second ones", () => {
    expect(faultsOf({ "a.sh": "found=1\n", "b.sh": "LEVEL=1\n", "c.sh": "LEVEL=2\n" })).toEqual([
      "found is a global in lower case",
      "LEVEL is declared twice",
    ]);
  });
});
