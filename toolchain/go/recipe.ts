/** What is built from a Go module, and where it is kept. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../../system/paths";
import type { Mend } from "./mend";

export interface Recipe {
  /** The wrapper module's folder, beside this file. */
  module: string;
  /** The file name of each program, and its package. */
  programs: Readonly<Record<string, string>>;
  /** The linker's -X settings, such as the version, which the sources lack. */
  variables?: readonly string[];
  /** What it is, and how long it usually takes on two cores. */
  title: string;
  /** Applied to a copy that is compiled; the module and its go.sum stay unchanged. */
  mend?: Mend;
}

/** `go build` with these compiles half a minute less than without: nobody debugs the programs. */
export const FLAGS = ["-trimpath", "-gcflags=all=-dwarf=false"];

/** The folder of a recipe's programs. A changed recipe has another folder, so an old program is never taken for a new one. */
export function builtFolder(paths: Paths, { module, programs, variables, mend }: Recipe): string {
  const hash = createHash("sha256").update(JSON.stringify([programs, variables, mend, FLAGS]));
  const folder = join(paths.root, "toolchain", "go", module);
  const files = readdirSync(folder).sort();
  for (const name of files) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return join(paths.cache, "built", `${module}-${hash.digest("hex").slice(0, 12)}`);
}
