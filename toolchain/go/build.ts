/** Builds programs from Go modules. Each has a wrapper module beside this file, with a complete go.sum. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { mended, type Mend } from "./mend";
import type { Paths, Environment } from "../../system/paths";
import { must } from "../../system/process";
import { Missing, type Reporter } from "../../system/reporter";
import { examine, requirements } from "../machine/requirements";

export interface GoBinary {
  /** The wrapper module's folder, beside this file. */
  module: string;
  package: string;
  /** The linker's -X settings, such as the version, which the sources lack. */
  variables: string[];
  out: string;
  title: string;
  /** Applied to a copy that is compiled; the module and its go.sum stay unchanged. */
  mend?: Mend;
}

interface Context {
  paths: Paths;
  environment: Environment;
  reporter: Reporter;
}

export async function build(binary: GoBinary, { paths, environment, reporter }: Context): Promise<void> {
  const go = await findGo(environment, binary.title);
  mkdirSync(dirname(binary.out), { recursive: true });
  const work = mkdtempSync(join(dirname(binary.out), ".build-"));
  try {
    await reporter.step(`building ${binary.title}`, async (say) => {
      const out = join(work, basename(binary.out));
      const ldflags = ["-s", "-w", ...binary.variables.map((value) => `-X ${value}`)].join(" ");
      const cwd = join(paths.root, "toolchain", "go", binary.module);
      const env = settings(paths, environment);
      const cure = binary.mend === undefined ? [] : await mended(go, binary.mend, work, { cwd, env });
      const args = ["build", "-v", "-trimpath", ...cure, "-ldflags", ldflags, "-o", out, binary.package];
      await must(go, args, { cwd, env, timeout: 3600, onLine: counter(say) });
      renameSync(out, binary.out);
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
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

/** `go build -v` prints each package that it compiles. */
function counter(say: (detail: string) => void): (line: string) => void {
  let [modules, packages] = [0, 0];
  return (line) => {
    if (line.startsWith("go: downloading")) say(`${++modules} modules fetched`);
    else say(`${++packages} packages compiled`);
  };
}
