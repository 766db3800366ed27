import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { aptLine, listsAge } from "../../toolchain/machine/apt";
import { compareVersions, searchPath } from "../../system/process";
import {
  examine,
  locate,
  locateWhole,
  remedy,
  requirements,
  type Requirement,
} from "../../toolchain/machine/requirements";
import { programs } from "../lib/fake-path";
import { temporary } from "../lib/temporary";
import { project } from "../cli/world";

const fakePath = (outputs: Record<string, string>): string =>
  programs(Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, `echo '${output}'`])));

const tool: Requirement = {
  program: "vxlab-tool",
  package: "tool-package",
  floor: "2.10",
  version: { args: ["--version"], pattern: /(\d+\.\d+)/ },
  neededFor: "the test",
  when: "always",
};

describe("finding what is required", () => {
  it("takes the first on PATH, and looks in the folders that a plain shell of root may lack", () => {
    const [first, second] = [fakePath({ "vxlab-tool": "one" }), fakePath({ "vxlab-tool": "two" })];
    expect(locate(tool, { PATH: `${first}:${second}` }).path).toBe(join(first, "vxlab-tool"));
    expect(searchPath({ PATH: "/usr/bin" })).toEqual(["/usr/bin", "/usr/sbin", "/sbin", "/usr/local/go/bin"]);
  });

  it("takes no file that cannot be run, and no folder", () => {
    const folder = temporary("path");
    writeFileSync(join(folder, "vxlab-tool"), "");
    expect(locate(tool, { PATH: folder }).ok).toBe(false);
    const other = temporary("path");
    mkdirSync(join(other, "vxlab-tool"));
    expect(locate(tool, { PATH: other }).ok).toBe(false);
  });

  it.each([
    ["tool 2.10", true],
    ["tool 2.9", false],
    ["tool 3.0", true],
    ["tool of unknown age", true],
  ])("holds %j against the floor 2.10", async (output, ok) => {
    const found = await examine(tool, { PATH: fakePath({ "vxlab-tool": output }) });
    expect(found.ok).toBe(ok);
    if (!ok)
      expect(found.cure).toBe(
        `${found.path} has version 2.9, and 2.10 or newer is needed: apt-get install tool-package, and remove the older one from PATH`,
      );
  });

  it.each([0, 1])("asks a program that is there whether it is whole: status %i", async (status) => {
    const probed = { ...tool, floor: undefined, version: undefined, probe: ["-c", "import venv"] };
    const PATH = programs({ "vxlab-tool": `[ "$*" = "-c import venv" ] || exit 2\nexit ${status}` });
    const path = join(PATH, "vxlab-tool");
    const cure = `${path} lacks a part: apt-get install tool-package, and remove any other one before it from PATH`;
    for (const found of [await examine(probed, { PATH }), await locateWhole(probed, { PATH })])
      expect(found).toMatchObject({ path, ok: status === 0, ...(status === 0 ? {} : { cure }) });
    expect(remedy([await locateWhole(probed, { PATH })]).packages).toEqual(status ? ["tool-package"] : []);
  });

  it("asks Python for the modules that Debian packs apart", () => {
    const python = requirements.find(({ program }) => program === "python3");
    expect(python).toMatchObject({ package: "python3-venv", probe: ["-c", "import venv, ensurepip"] });
  });

  it("names one apt line for all packages, and apart from it what no package brings", () => {
    const PATH = fakePath({});
    const own = { ...tool, program: "vxlab-other", package: undefined, cure: "build it" };
    const twin = { ...tool, program: "vxlab-twin", package: "a-package" };
    const { packages, others } = remedy([tool, own, twin, tool].map((one) => locate(one, { PATH })));
    expect(aptLine(packages)).toBe("apt-get install -y --no-install-recommends a-package tool-package");
    expect(others.map((one) => one.cure)).toEqual(["build it"]);
  });

  it("looks for a file where a package has no program", () => {
    const file = join(temporary("file"), "keys.gpg");
    const keys = { ...tool, file };
    expect(locate(keys, { PATH: fakePath({ "vxlab-tool": "1" }) }).ok).toBe(false);
    writeFileSync(file, "");
    expect(locate(keys, { PATH: "" })).toMatchObject({ ok: true, path: file });
  });

  it("has a cure for everything, and a reason", () => {
    for (const { program, package: name, cure, neededFor } of requirements) {
      expect(name ?? cure, program).toBeTruthy();
      expect(neededFor, program).not.toBe("");
    }
  });

  it("knows how old the package lists are", () => {
    const folder = temporary("lists");
    expect(listsAge(join(folder, "absent"))).toBe(Infinity);
    mkdirSync(join(folder, "partial"));
    expect(listsAge(folder)).toBe(Infinity);
    writeFileSync(join(folder, "mirror_dists_bookworm_main_binary-amd64_Packages"), "");
    const then = new Date("2026-01-01T00:00:00Z");
    for (const path of [folder, join(folder, "partial")]) utimesSync(path, then, then);
    expect(listsAge(folder, then.getTime() + 5000)).toBe(5000);
  });

  it.each([
    ["1.10.2", "1.9", 1],
    ["1.9", "1.9.0", 0],
    ["3.248.0", "3.248.1", -1],
  ])("compares %s with %s", (a, b, expected) => {
    expect(compareVersions(a, b)).toBe(expected);
  });
});

/** On every Linux, or there with what is listed: ssh-keygen comes with ssh, bridge with ip, Debian's tools with Debian. */
const OF_COURSE = [
  "bash",
  "bridge",
  "sh",
  "awk",
  "cat",
  "chmod",
  "chown",
  "cp",
  "diff",
  "git",
  "ls",
  "mknod",
  "mount",
  "mv",
  "sleep",
  "tar",
  "umount",
  "unshare",
  "ssh-keygen",
  "apt-get",
  "dpkg-deb",
];

/** The programs that the tests run with a list of words, and the shells that they name. */
function called(): string[] {
  const files = ["test", "packages/pulumi-stand-ins/test"].flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: "utf8" }).map((name) =>
      join(folder, name),
    ),
  );
  const texts = files
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(project, name), "utf8"));
  const first =
    /\b(?:spawn|spawnSync|execFile|execFileSync|attached|must|run)\(\s*"(?:\/bin\/)?([a-z][\w.+-]*)",\s*[^"`\s]/g;
  const shells = /(?:describe|it)\.each\(\[("[a-z ]*sh"(?:, "[a-z ]*sh")*)\]\)/g;
  const words = texts.flatMap((text) => [
    ...[...text.matchAll(first)].map(([, name = ""]) => name),
    ...[...text.matchAll(shells)].flatMap(([, list = ""]) =>
      list.split(", ").map((one) => one.replace(/"| sh/g, "")),
    ),
  ]);
  return [...new Set(words)].sort();
}

describe("what the tests need", () => {
  const whens = ["always", "embedded", "image", "test"];

  it("is listed, beside what a lab needs", () => {
    const listed = requirements.filter((one) => one.when === "test").map((one) => [one.program, one.package]);
    expect(listed).toEqual([
      ["tcpdump", "tcpdump"],
      ["shellcheck", "shellcheck"],
      ["busybox", "busybox"],
      ["dash", "dash"],
      ["flock", "util-linux"],
      ["zsh", "zsh"],
      ["fish", "fish"],
      ["openssl", "openssl"],
      ["perl", "perl-base"],
      ["python3", "python3-venv"],
    ]);
  });

  it("is all that they run", () => {
    const names = called();
    // That the search finds anything at all.
    expect(names).toEqual(
      expect.arrayContaining(["busybox", "dash", "perl", "shellcheck", "virsh", "xsltproc"]),
    );
    const listed = requirements.filter((one) => whens.includes(one.when)).map((one) => one.program);
    expect(names.filter((name) => ![...listed, ...OF_COURSE].includes(name))).toEqual([]);
  });
});
