/** The script that is sent to a host is the sources' in effect. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTAINER_WORDS, probesOf } from "../../components/container/kinds";
import { FLOODINGS, isJoint } from "../../components/segment/ways";
import { LOOK, withoutFunctions } from "../../guest/order";
import { THINGS } from "../../guest/things";
import { CHECK_HOST, guestTools, INSTALL_AND_APPLY, strip, WORDS } from "../../guest/render";
import { pack, unpack } from "../../guest/pack";
import { firstStepInput, PROTOCOL } from "../../guest/protocol";
import { programs } from "../lib/fake-path";
import { temporary } from "../lib/temporary";
import { envelopeOf } from "./made";

const scratch = temporary("render");

const root = join(__dirname, "../..");
/** Files of the guest tools, from the root: those in guest/ itself, and those of each thing's folder. */
const filesOf = (end: string) =>
  [
    ...readdirSync(join(root, "guest")).map((name) => join("guest", name)),
    ...readdirSync(join(root, "components"), { recursive: true, encoding: "utf8" }).map((name) =>
      join("components", name),
    ),
  ].filter((name) => name.endsWith(end));
const read = (name: string) => readFileSync(join(root, name), "utf8");
/** Without what `verify` sends by itself. */
const sources = new Map(
  filesOf(".sh").map((name) => [name, withoutFunctions(read(name), CONTAINER_WORDS.flatMap(probesOf))]),
);

/** How bash understands a script, written out again: comments, blank lines and indentation are not in it. */
function understood(script: string): string {
  const file = join(scratch, "script");
  writeFileSync(file, `whole() {\n:\n${script}}\ndeclare -f whole\n`);
  return execFileSync("bash", ["--posix", file], { encoding: "utf8" });
}

function shellcheck(script: string, ...options: string[]): string {
  const { stdout, stderr } = spawnSync("shellcheck", ["-s", "sh", ...options, "-"], {
    input: script,
    encoding: "utf8",
  });
  return stdout + stderr;
}

const BRIDGE = envelopeOf("bridge", {
  id: "a",
  lab: "b",
  bridge: "vxbr",
  mac: "02:00:00:00:00:01",
  mtu: 1450,
  address: String.raw`a \ "b" %s`,
});
const DESIRED = `${JSON.stringify(BRIDGE)}\n`;
const PACKED = "H4sIAAAAAAAAA0tNzshXyM9L5QIzSsrzuQACuG10EgAAAA==";
const SENT = firstStepInput(BRIDGE, guestTools().packed);

describe("the guest tools", () => {
  it("are one script that shellcheck has nothing to say about", () => {
    // Together with the comments, what the sources switch off for themselves is gone.
    const codes = [...sources.values()].flatMap(
      (text) => text.match(/(?<=shellcheck disable=)[\w,]+/g) ?? [],
    );
    const excluded = [...new Set(codes.join(",").split(","))].sort();
    expect(excluded).toEqual(["SC2034", "SC2153", "SC2154"]);
    // SC2317, "unreachable": main calls the verbs by names that it puts together. SC2016: awk has dollars of its own. SC2030, SC2031:
    // shellcheck takes the variables of two functions for one when they have the same name.
    expect(
      shellcheck(
        guestTools().script,
        "--exclude",
        [...excluded, "SC2016", "SC2030", "SC2031", "SC2317"].join(","),
      ),
    ).toBe("");
  }, 180_000);

  it("are found fault with when there is fault", () => {
    expect(shellcheck(`${guestTools().script}\nrm $undefined/*\n`)).toContain("SC2086");
  }, 180_000);

  it("are understood by the hosts' shell", () => {
    const { status, stderr } = spawnSync("dash", ["-n"], { input: guestTools().script, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(spawnSync("dash", ["-n"], { input: INSTALL_AND_APPLY }).status).toBe(0);
    // SC2016: the script in quotes is another shell's.
    expect(shellcheck(INSTALL_AND_APPLY, "--exclude", "SC2016")).toBe("");
  });

  it("hold every source, in an order in which what is called is there", () => {
    const { script } = guestTools();
    const awk = (part: string, text: string) =>
      text
        .replace(/@([a-z]+\.awk)@/g, (_, name: string) => strip(read(join(dirname(part), name))))
        .replace(/@([A-Z_]+)@/g, (mark, word: string) => WORDS[word] ?? mark);
    expect(sources.size).toBeGreaterThan(15);
    const lines = (text: string) => text.split("\n").filter((line) => line !== "");
    const all = [...sources].flatMap(([name, text]) => lines(awk(name, strip(text))));
    const [early = "", late = ""] = script.split(LOOK);
    expect(lines(early.replace("#!/bin/sh\n", "") + late).sort()).toEqual(all.sort());
    // What a look at a host calls is before it, whatever it is called by.
    expect(spawnSync("dash", ["-n"], { input: early }).status).toBe(0);
    expect(early).toMatch(/^unicast_observe\(\)/m);
    expect(early).toMatch(/^docker_look\(\)/m);
    expect(late).toMatch(/^port_apply\(\)/m);
    expect(early.length).toBeLessThan(late.length * 2);
    expect(script + CHECK_HOST).not.toMatch(/@[a-z]+\.awk@|@[A-Z_]+@/);
    expect(script.startsWith("#!/bin/sh\n")).toBe(true);
    expect(script.endsWith('\nmain "$@"\nexit\n')).toBe(true);
  });

  it.each([
    ["PROTOCOL", String(PROTOCOL), /LEVEL=\d/],
    ["KINDS", Object.keys(THINGS).join(" "), /KINDS="\w/],
    ["WAYS", "unicast multicast flow evpn", /WAYS="\w/],
    ["JOINT", FLOODINGS.filter(isJoint).join(" "), /JOINT="\w/],
    ["CONTAINERS", CONTAINER_WORDS.join(" | "), /\b(lxc|docker) \| /],
    ["DEAD_VLAN", "4095", /\b4095\b/],
    ["MAX_GROUPS", "256", /=256\b/],
    ["MIN_MTU", "1280", /\b1280\b/],
    ["USUAL_PORTS", "4789, 4790, 6081", /\b(4789|4790|6081)\b/],
    ["ANY_USUAL_PORT", "4789|4790|6081", /\b(4789|4790|6081)\b/],
  ])("have %s from the plan, and do not write it again", (word, value, written) => {
    expect(WORDS[word]).toBe(value);
    const scripts = [...filesOf(".sh"), ...filesOf(".awk"), "guest/host/check.sh"];
    expect(scripts.filter((name) => read(name).includes(`@${word}@`))).toHaveLength(1);
    expect(scripts.filter((name) => written.test(strip(read(name))))).toEqual([]);
  });

  it("have no other words", () => {
    expect(Object.keys(WORDS)).toHaveLength(10);
  });

  it("hold awk without apostrophes, which would end the shell's quotation", () => {
    const awks = filesOf(".awk");
    expect(awks.length).toBeGreaterThan(5);
    for (const name of awks)
      expect([name, strip(read(name))]).toEqual([name, expect.not.stringContaining("'")]);
  });

  it.each([
    ["some host", "some", "/bin/sh"],
    ["our own image, by its busybox", "lib-init", "/bin/busybox sh"],
  ])("arrive on %s as they are", (_, mark, shell) => {
    const tools = join(scratch, mark);
    mkdirSync(join(tools, mark), { recursive: true });
    const install = INSTALL_AND_APPLY.replaceAll("/usr/lib/vxlab", join(tools, "lib")).replace(
      '"$tools/guest" apply bridge',
      "cat",
    );
    const { stdout, stderr } = spawnSync("dash", ["-c", install], { input: SENT, encoding: "utf8" });
    expect([stdout, stderr]).toEqual([DESIRED, ""]);
    expect(readFileSync(join(tools, "lib/guest"), "utf8")).toBe(
      guestTools().script.replace("#!/bin/sh", `#!${shell}`),
    );
  });

  it.each([
    ["of a newer level stay", "LEVEL=999", false],
    ["of the same level make room", `LEVEL=${/^LEVEL=(\d+)$/m.exec(guestTools().script)?.[1]}`, true],
    ["without a level make room", "true", true],
  ])("that are on a host already and %s", (_, line, replaced) => {
    const lib = join(scratch, `level-${line}`, "lib");
    mkdirSync(lib, { recursive: true });
    const there = `#!/bin/sh\n${line}\nexec cat\n`;
    writeFileSync(join(lib, "guest"), there, { mode: 0o755 });
    const install = INSTALL_AND_APPLY.replaceAll("/usr/lib/vxlab", lib);
    const input = firstStepInput(BRIDGE, pack(`#!/bin/sh\n${mine}`));
    const { status, stdout } = spawnSync("dash", ["-c", install], { input, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, DESIRED]);
    expect(readdirSync(lib)).toEqual(["guest"]);
    expect(readFileSync(join(lib, "guest"), "utf8") === there).toBe(!replaced);
  });
  const mine = `LEVEL=${/^LEVEL=(\d+)$/m.exec(guestTools().script)?.[1]}\nexec cat # mine\n`;

  /** What the fake program beside the real ones does; then the install, and what is in the folder of the tools after it. */
  function installed(name: string, fake: Record<string, string>) {
    const lib = join(scratch, name, "lib");
    const install = INSTALL_AND_APPLY.replaceAll("/usr/lib/vxlab", lib).replace(
      '"$tools/guest" apply bridge',
      "cat",
    );
    const env = {
      PATH: `${programs(fake)}:${process.env["PATH"]}`,
      LIB: lib,
      INSTALL: install,
      INPUT: join(scratch, "sent"),
    };
    writeFileSync(env.INPUT, SENT);
    const { status, stderr } = spawnSync("dash", ["-c", install], {
      input: SENT,
      env,
      encoding: "utf8",
      timeout: 10_000,
    });
    return { status, stderr, left: readdirSync(lib), lib };
  }

  it("arrive whole from two labs at the same time", () => {
    // Between what the one writes and what it moves, the other does all of it.
    const other = `! mkdir "$LIB/../once" 2>/dev/null || dash -c "$INSTALL" <"$INPUT" >/dev/null\nexec /bin/chmod "$@"`;
    const { lib, ...rest } = installed("twice", { chmod: other });
    expect(rest).toEqual({ status: 0, stderr: "", left: ["guest"] });
    expect(readFileSync(join(lib, "guest"), "utf8")).toBe(guestTools().script);
  });

  it("are packed on one line, and are the same when they are unpacked, also those of an older vxlab", () => {
    const { script, packed } = guestTools();
    const body = script.slice(script.indexOf("\n") + 1);
    expect(packed).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(packed.length).toBeLessThan(script.length / 2);
    expect([unpack(packed), unpack(`${packed}\n`), unpack(script)]).toEqual([body, body, body]);
  });

  it("give the same bytes on each computer", () => {
    expect(pack("#!/bin/sh\necho one\necho two\n")).toBe(PACKED);
  });

  it("that arrive in part are not put in place", () => {
    const lib = join(scratch, "part", "lib");
    const install = INSTALL_AND_APPLY.replaceAll("/usr/lib/vxlab", lib);
    const input = firstStepInput(BRIDGE, guestTools().packed.slice(0, 4000));
    const { status, stderr } = spawnSync("dash", ["-c", install], { input, encoding: "utf8" });
    expect([status, readdirSync(lib)]).toEqual([1, []]);
    expect(stderr).toContain("unexpected end of file");
  });

  it("leave nothing behind where they cannot arrive", () => {
    const { status, left } = installed("full", { mv: "exit 1" });
    expect([status, left]).toEqual([1, []]);
  });

  it("have the version that their text gives them", () => {
    expect(guestTools().version).toMatch(/^[0-9a-f]{12}$/);
    expect(guestTools()).toBe(guestTools());
  });
});

describe("what is left out", () => {
  it.each([...sources])("of %s changes nothing in how it is understood", (_, text) => {
    expect(understood(strip(text))).toBe(understood(text));
  });

  it.each([
    ["a comment in a here-document", "cat <<X\n# kept\nX\n"],
    ["an empty line in a here-document", "cat <<X\na\n\nb\nX\n"],
    ["an empty line in quotes", "printf 'a\n\nb'\n"],
  ])("would be seen if it were %s", (_, script) => {
    expect(understood(strip(script))).not.toBe(understood(script));
  });

  it("is comments, blank lines and nothing else", () => {
    expect(strip("#!/bin/sh\n# why\n\n  # indented\na=1 # stays\n  b\n")).toBe("a=1 # stays\n  b\n");
  });
});
