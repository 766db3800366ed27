/** The stages of `vxlab test`: what is run, and how its result is counted. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { attached, run } from "../../system/process";
import type { Context } from "../command";

export interface Tally {
  passed: number;
  failed: number;
  /** A line for each test that failed, to be read at the end of a long run. */
  failures: readonly string[];
}

export interface Stage {
  name: string;
  /** The stage needs the engine, the guest image and libvirt. */
  heavy: boolean;
  /** It prints while it runs and may measure time: nothing runs in parallel. */
  alone: boolean;
  run(context: Context): Promise<Tally>;
}

const one = (name: string, well: boolean): Tally =>
  well
    ? { passed: 1, failed: 0, failures: [] }
    : { passed: 0, failed: 1, failures: [`${name}: see above, under its own heading`] };
const bin = (name: string): string => join("node_modules", ".bin", name);

/** A check of the sources: counts as one, and prints only when it fails. */
function check(name: string, words: (context: Context) => string[]): Stage {
  return {
    name,
    heavy: false,
    alone: false,
    async run(context) {
      const [command = "", ...args] = words(context);
      const { code, stdout, stderr } = await run(command, args, { cwd: context.paths.root, timeout: 900 });
      if (code !== 0) context.out.print(`${stdout}${stderr}`.trim());
      return one(name, code === 0);
    },
  };
}

export const checks: readonly Stage[] = [
  check("format", () => [bin("prettier"), "--check", "--log-level", "warn", "."]),
  check("lint", () => [bin("eslint"), "."]),
  check("arrows", () => [bin("depcruise"), "--config", ".dependency-cruiser.cjs", "."]),
  check("exports", () => [bin("knip"), "--no-progress"]),
  check("types", () => [bin("tsc"), "--noEmit", "-p", "."]),
  check("shellcheck", ({ paths }) => ["shellcheck", "-x", "-P", "SCRIPTDIR", ...shellScripts(paths.root)]),
];

/** Vitest's projects, as vitest.config.mts names them. */
export const suites: readonly Stage[] = ["unit", "toolchain", "package", "engine", "lab"].map((name) =>
  suite(name, name),
);

/** What takes hours, and is left out of a run of all stages. */
export const long: Stage = suite("long", "long");

/** Stages that may run side by side, in order. */
export function batches(stages: readonly Stage[]): Stage[][] {
  const together: Stage[][] = [];
  for (const stage of stages) {
    const last = together.at(-1);
    if (last === undefined || stage.alone || last[0]?.alone === true) together.push([stage]);
    else last.push(stage);
  }
  return together;
}

/** A project, or the tests of one folder of it. */
export function suite(name: string, project: string, folder?: string): Stage {
  return {
    name,
    heavy: ["engine", "lab", "long"].includes(project),
    alone: true,
    run: (context) => vitest(context, project, folder),
  };
}

async function vitest(
  { paths, environment, out }: Context,
  project: string,
  folder?: string,
): Promise<Tally> {
  const results = join(paths.logs, `test-${project}.json`);
  mkdirSync(paths.logs, { recursive: true });
  rmSync(results, { force: true });
  const reporters = [
    `--reporter=${project === "unit" ? "default" : "verbose"}`,
    "--reporter=json",
    `--outputFile.json=${results}`,
  ];
  const args = [
    "run",
    "--project",
    // These stages are two projects each (vitest.config.mts).
    ["unit", "long"].includes(project) ? `${project}*` : project,
    "--passWithNoTests",
    ...reporters,
    ...(folder === undefined ? [] : [folder]),
  ];
  const code = await attached(join(paths.root, bin("vitest")), args, { cwd: paths.root, env: environment });
  if (existsSync(results)) return tally(readFileSync(results, "utf8"), code);
  out.line(`vitest ended with code ${code} and left no results`);
  return one(project, code === 0);
}

interface Results {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** A file that cannot be loaded, and an error outside of all tests, count as one failed test each. */
export function tally(json: string, code: number): Tally {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(json) as Results;
  const broken = testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const failed = numFailedTests + broken.length;
  if (failed === 0 && code !== 0)
    return { passed: numPassedTests, failed: 1, failures: ["an error outside of all tests: see above"] };
  const failures = [
    ...testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === "failed")
        .map((test) => failure(name, test.fullName, test.failureMessages[0])),
    ),
    ...broken.map(({ name, message }) => failure(name, "cannot be run", message)),
  ];
  return { passed: numPassedTests, failed, failures };
}

/** @param path of the test's file, absolute */
function failure(path: string, name: string, message = ""): string {
  const [first = ""] = stripVTControlCharacters(message).trim().split("\n");
  return `${basename(path)}: ${name}: ${first.slice(0, 200)}`;
}

/** By suffix or first line, since some have no suffix. */
function shellScripts(root: string): string[] {
  const skipped = new Set(["node_modules", ".git", ".vxlab", "sdks", "dist"]);
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : walk(path);
      return entry.isFile() && isShell(join(root, path)) ? [path] : [];
    });
  return walk("").sort();
}

function isShell(path: string): boolean {
  return path.endsWith(".sh") || /^#!.*\b(ba|da)?sh\b/.test(readFileSync(path, "latin1").slice(0, 64));
}
