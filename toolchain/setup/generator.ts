/** The generator of SDKs from a plugin's schema (go/sdkgen). The set-up of a lab does not need it. */
import { join } from "node:path";
import { isProgram } from "../../system/process";
import { build } from "../go/build";
import { builtFolder, type Recipe } from "../go/recipe";
import { link } from "./layout";
import { settingUp } from "./set-up";
import type { SetUp } from "../pieces/piece";

export const GENERATOR: Recipe = {
  module: "sdkgen",
  programs: { sdkgen: "vxlab.local/toolchain/sdkgen" },
  title: "the SDK generator (about 2 minutes on 2 cores, once)",
};

/** Links it into this checkout and returns its path. It is built once, and then needs no network. */
export async function addGenerator(setUp: Omit<SetUp, "vendor">): Promise<string> {
  const { paths, reporter } = setUp;
  const out = join(builtFolder(paths, GENERATOR), "sdkgen");
  // Checked again with the lock held: another vxlab may have built it meanwhile.
  const provide = async () => isProgram(out) || (await build(GENERATOR, ["sdkgen"], setUp));
  if (!isProgram(out)) await settingUp(paths, reporter, provide);
  const program = join(paths.dot, "toolchain", "sdkgen");
  link(out, program);
  return program;
}
