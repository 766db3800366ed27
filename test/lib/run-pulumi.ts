/** A process for tests: runs the `pulumi` of the checkout that is named as ./vxlab does, and prints how that ended. */
import { runPulumi } from "../../cli/engine/run";
import { pathsOf } from "../../system/paths";

const [, , root = ".", ...args] = process.argv;
void runPulumi(pathsOf(root, process.env), args, { env: process.env, stdio: "ignore" }).then((ending) => {
  process.stdout.write(JSON.stringify(ending));
  process.exitCode = ending.code;
});
