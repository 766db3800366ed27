/** Building from Go modules: each binary has a wrapper module of its own with a complete go.sum (toolchain/go). */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { mended, type Mend } from "./mend";
import type { Paths, Environment } from "../system/paths";
import { must } from "../system/process";
import { Missing, type Reporter } from "../system/reporter";
import { examine, requirements } from "./requirements";

export interface GoBinary {
  /** Folder below toolchain/go. */
  module: string;
  package: string;
  /** Linker's -X settings: the version, which the sources do not carry. */
  variables: string[];
  /** Where the binary goes. */
  out: string;
  title: string;
  /** A fault of a module, mended in what is compiled; the module itself and its go.sum stay what they are. */
  mend?: Mend;
}

export async function build(
  binary: GoBinary,
  paths: Paths,
  environment: Environment,
  reporter: Reporter,
): Promise<void> {
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

/** Modules and compiled packages take 4 GB and serve nobody once all is built. */
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
    // readonly: what is built is what go.sum says. modcacherw: so that it can be removed.
    GOFLAGS: "-mod=readonly -buildvcs=false -modcacherw",
    // go.sum is complete, so the sum database has nothing to add and need not be reachable.
    GOSUMDB: "off",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    CGO_ENABLED: "0",
  };
}

/** `go build -v` names each package as it is compiled. */
function counter(say: (detail: string) => void): (line: string) => void {
  let [modules, packages] = [0, 0];
  return (line) => {
    if (line.startsWith("go: downloading")) say(`${++modules} modules fetched`);
    else say(`${++packages} packages compiled`);
  };
}
