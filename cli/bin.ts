/** What `npx vxlab` starts: the package's command, for a Pulumi program of the user's. */
import { pathsOf } from "../system/paths";
import { commands } from "./commands";
import { main } from "./main";
import { Output } from "./output/output";

const environment = process.env;
const paths = pathsOf(process.cwd(), environment);
void main(process.argv.slice(2), { paths, environment, out: new Output(), commands, plain: true }).then(
  (code) => (process.exitCode = code),
);
