/** For toolchain/libvirt.sh. Usage: ROOT STACK ANSWER, of which STACK may be empty (answer.ts). */
import { Fault } from "../exit";
import { keepAnswer } from "./answer";

function main([root = ".", stack = "", out = ""]: readonly string[]): number {
  try {
    keepAnswer(root, stack, __filename, out);
    return 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    process.stderr.write(`vxlab: ${error.message}\n`);
    return error.code;
  }
}

process.exitCode = main(process.argv.slice(2));
