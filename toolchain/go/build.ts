/** Builds programs from Go modules. Each has a wrapper module beside this file, with a complete go.sum. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { totalmem } from "node:os";
import { basename, dirname, join } from "node:path";
import { mended } from "./mend";
import { builtFolder, FLAGS, type Recipe } from "./recipe";
import type { Paths, Environment } from "../../system/paths";
import { must } from "../../system/process";
import { Missing, type Reporter } from "../../system/reporter";
import { examine, requirements } from "../machine/requirements";
import { inWorkFolder } from "../setup/work";

interface Context {
  paths: Paths;
  environment: Environment;
  reporter: Reporter;
}

/** @param names of the recipe's programs; one `go build` compiles what they share once */
export async function build(recipe: Recipe, names: readonly string[], context: Context): Promise<void> {
  const { paths, environment, reporter } = context;
  const go = await findGo(environment, recipe.title);
  await inWorkFolder(paths, (work) =>
    reporter.step(`building ${recipe.title}`, async (say) => {
      const cwd = join(paths.root, "toolchain", "go", recipe.module);
      const env = settings(paths, environment);
      const cure = recipe.mend === undefined ? [] : await mended(go, recipe.mend, work, { cwd, env });
      const packages = names.map((name) => recipe.programs[name] ?? name);
      const total = await fetchModules(go, [...cure, ...packages], { cwd, env, say });
      const variables = (recipe.variables ?? []).map((value) => ` -X ${value}`).join("");
      const options = [...FLAGS, ...cure, `-ldflags=-s -w${variables}`, "-o", `${join(work, "out")}/`];
      const onLine = counter(join(paths.cache, "go", `${recipe.module}.packages`), total, say);
      await must(go, ["build", "-v", ...options, ...packages], { cwd, env, timeout: 3600, onLine });
      keep(work, builtFolder(paths, recipe), recipe, names);
    }),
  );
}

/** Go names a program after the last part of its package. Renamed into place: a program that exists is complete. */
function keep(work: string, folder: string, { programs }: Recipe, names: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of names)
    renameSync(join(work, "out", basename(programs[name] ?? name)), join(folder, name));
}

/** Modules and compiled packages: 4 GB that nothing needs after the build. */
export function removeBuildCaches(paths: Paths): void {
  rmSync(join(paths.cache, "go"), { recursive: true, force: true });
}

async function findGo(environment: Environment, title: string): Promise<string> {
  const requirement = requirements.find((one) => one.program === "go");
  if (requirement === undefined) throw new Error("go is not among the requirements");
  const found = await examine(requirement, environment);
  if (!found.ok || found.path === undefined) throw new Missing(`${title} must be built here: ${found.cure}`);
  return found.path;
}

function settings(paths: Paths, environment: Environment): Environment {
  return {
    ...lessCollecting(totalmem()),
    ...environment,
    GOMODCACHE: join(paths.cache, "go", "mod"),
    GOCACHE: join(paths.cache, "go", "build"),
    // readonly: go.sum decides what is built. modcacherw: makes the module cache removable.
    GOFLAGS: "-mod=readonly -buildvcs=false -modcacherw",
    // go.sum is complete, so the checksum database is not needed.
    GOSUMDB: "off",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    CGO_ENABLED: "0",
  };
}

/** Garbage collection is a fifth of the compiler's work. Without it a compiler has up to 1 GiB; one runs on each core. */
function lessCollecting(memory: number): Environment {
  return memory < 8 * 2 ** 30 ? {} : { GOGC: "off", GOMEMLIMIT: "1GiB" };
}

interface Fetching {
  cwd: string;
  env: Environment;
  say: (detail: string) => void;
}

/** Downloads the modules of these packages. Returns the number of packages that they are made of. */
async function fetchModules(
  go: string,
  args: readonly string[],
  { cwd, env, say }: Fetching,
): Promise<number> {
  let modules = 0;
  const onLine = (line: string) => {
    if (line.startsWith("go: downloading")) say(`${++modules} modules fetched`);
  };
  const list = await must(go, ["list", "-deps", ...args], { cwd, env, timeout: 1800, onLine });
  return list.trim().split("\n").length;
}

/**
 * `go build -v` prints each package that it compiles, and none that an interrupted build has compiled: those are noted in
 * `file`, beside Go's cache.
 */
function counter(file: string, total: number, say: (detail: string) => void): (line: string) => void {
  mkdirSync(dirname(file), { recursive: true });
  const done = new Set(existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
  return (line) => {
    if (!/^[\w./~-]+$/.test(line) || done.has(line)) return;
    done.add(line);
    appendFileSync(file, `${line}\n`);
    say(`${done.size} of ${total} packages`);
  };
}
