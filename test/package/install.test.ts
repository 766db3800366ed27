/** Every line of the documentation that installs the package, run as printed in an empty folder without a lock file. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { run } from "../../system/process";
import { checkout, good } from "../lib/project";
import { temporary } from "../lib/temporary";

const app = inject("app");
const tarball = readdirSync(app).find((file) => /^vxlab-.*\.tgz$/.test(file)) ?? "missing";

const filesBelow = (folder: string, ending: string) =>
  readdirSync(join(checkout, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending) && !file.includes("node_modules"))
    .map((file) => join(folder, file));

/** Without the comments that follow them; equal lines once. */
function printedLines(): string[] {
  const pages = ["README.md", ...filesBelow("docs", ".md"), ...filesBelow("examples", ".md")];
  const text = pages.map((page) => readFileSync(join(checkout, page), "utf8")).join("\n");
  return [...new Set([...text.matchAll(/^npm install \S*\.tgz[^#\n]*/gm)].map(([line]) => line.trim()))];
}

/** With the registry's answers from the cache where npm has them: this changes no version. */
const shell = (line: string, cwd: string) =>
  run("sh", ["-c", line], { cwd, env: { ...process.env, npm_config_prefer_offline: "true" }, timeout: 300 });

/** A folder as deep below the package's file as `path` is below the project. */
function folderFor(path: string): string {
  const top = temporary("install");
  copyFileSync(join(app, tarball), join(top, tarball));
  mkdirSync(join(top, path), { recursive: true });
  return join(top, path);
}

describe("the line of the documentation", () => {
  it("is there for a program and for the examples", () =>
    expect(printedLines()).toEqual([
      `npm install ./${tarball} @pulumi/pulumi@3.248.0`,
      `npm install ../../${tarball} @pulumi/pulumi@3.248.0`,
    ]));

  it.each(printedLines())("%s gives a package that loads and a plugin that has its schema", async (line) => {
    const folder = folderFor(line.includes("../../") ? "examples/mine" : ".");
    const { code, stderr } = await shell(line, folder);
    expect(code, stderr).toBe(0);
    const type = await shell(`node -p 'typeof require("vxlab").VxlanLab'`, folder);
    expect(good(type).trim()).toBe("function");
    // TypeScript reads the schema, and npm has chosen its version: a newer one than the project is compiled with.
    const words = ["package", "get-schema", "./node_modules/vxlab/plugin", "--non-interactive"];
    const pulumi = join(checkout, ".vxlab", "bin", "pulumi");
    const schema = good(await run(pulumi, words, { cwd: folder, timeout: 120 }));
    const known = readFileSync(join(checkout, "test", "package", "schema.json"), "utf8");
    expect(JSON.parse(schema)).toEqual(JSON.parse(known));
  });
});

/** Manifests of examples. What `pulumi new` makes of a template is beside the package's file. */
const manifests = filesBelow("examples", "package.json").map((file) => {
  const folder = file.includes("templates/") ? "my-lab" : dirname(file);
  const text = readFileSync(join(checkout, file), "utf8").replaceAll("${PROJECT}", "my-lab");
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  return { file, folder, text, dependencies };
});
/** The same packages and versions are chosen once, wherever the package's file is. */
const different = new Map(
  manifests.map((one) => [JSON.stringify({ ...one.dependencies, vxlab: tarball }), one]),
);

describe("npm install", () => {
  it.each(manifests)("finds the package for $file", ({ folder, dependencies }) => {
    const [, path = ""] = /^file:(.*)$/.exec(dependencies["vxlab"] ?? "") ?? [];
    expect(join(folder, path)).toBe(tarball);
  });

  it.each([...different.values()])("finds versions that agree for $file", async ({ folder, text }) => {
    const place = folderFor(folder);
    writeFileSync(join(place, "package.json"), text);
    const { code, stderr } = await shell("npm install --package-lock-only", place);
    expect(code, stderr).toBe(0);
  });
});
