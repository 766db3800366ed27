/** What `./vxlab` starts. */
import { join } from "node:path";
import { pathsOf } from "../system/paths";
import { commands } from "./commands";
import { main } from "./main";
import { Output } from "./output/output";

const environment = process.env;
const paths = pathsOf(join(__dirname, ".."), environment);
// For child processes: scripts, and Pulumi's program.
environment["VXLAB_CACHE"] = paths.cache;
void main(process.argv.slice(2), { paths, environment, out: new Output(), commands }).then(
  (code) => (process.exitCode = code),
);
