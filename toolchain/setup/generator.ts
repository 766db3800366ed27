/** The generator of SDKs from a plugin's schema (go/sdkgen). The set-up of a lab does not need it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../../system/paths";
import { isProgram } from "../../system/process";
import { build } from "../go/build";
import { link } from "./layout";
import { settingUp } from "./set-up";
import type { SetUp } from "../pieces/piece";
import { versions } from "../pieces/versions";

/** Links it into this checkout and returns its path. It is built once, and then needs no network. */
export async function addGenerator(setUp: Omit<SetUp, "vendor">): Promise<string> {
  const { paths, reporter } = setUp;
  const out = join(paths.cache, "sdkgen", `${versions.pulumi}-${sourcesOf(paths)}`, "built", "sdkgen");
  const title = "the SDK generator (about 2 minutes, once)";
  const binary = { module: "sdkgen", package: ".", variables: [], out, title };
  // Checked again with the lock held: another vxlab may have built it meanwhile.
  const provide = async () => isProgram(out) || (await build(binary, setUp));
  if (!isProgram(out)) await settingUp(paths, reporter, provide);
  const program = join(paths.dot, "toolchain", "sdkgen");
  link(out, program);
  return program;
}

/** main.go is this project's own and may change without a version. */
function sourcesOf(paths: Paths): string {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum", "main.go"])
    hash.update(readFileSync(join(paths.root, "toolchain", "go", "sdkgen", name)));
  return hash.digest("hex").slice(0, 8);
}
