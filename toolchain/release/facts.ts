/** Reads the facts that checks.ts checks. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { must } from "../../system/process";
import type { Facts } from "./checks";

/** Files that name the package's archive, such as `npm install ./vxlab-0.1.0.tgz`. */
const NAMING = ["README.md", "docs", "examples"];
const ARCHIVE = /vxlab-(\d[\w.-]*?)\.tgz/g;

export async function gather(root: string): Promise<Facts> {
  const text = (path: string): string => readFileSync(join(root, path), "utf8");
  const versionIn = (path: string): string => (JSON.parse(text(path)) as { version: string }).version;
  const lines = async (...words: string[]): Promise<string[]> =>
    (await must("git", words, { cwd: root })).split("\n").filter((line) => line !== "");
  const packages = ["package-lock.json", "plugin/package.json", "policy/package.json"];
  const named = NAMING.flatMap((path) => filesOf(root, path)).flatMap((path) =>
    [...text(path).matchAll(ARCHIVE)].map(([name, version = ""]) => [`${path}: ${name}`, version] as const),
  );
  return {
    version: versionIn("package.json"),
    places: Object.fromEntries([...packages.map((path) => [path, versionIn(path)] as const), ...named]),
    changelog: text("CHANGELOG.md"),
    changed: (await lines("status", "--porcelain")).map((line) => line.slice(3)),
    tags: await lines("tag", "--list"),
    recorded: readdirSync(join(root, "test", "upgrade", "states")).map((file) => basename(file, ".json")),
  };
}

function filesOf(root: string, path: string): string[] {
  if (path.includes(".")) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(md|json|yaml|yml)$/.test(file) && !file.includes("node_modules"))
    .map((file) => join(path, file));
}
