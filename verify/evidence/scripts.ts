/** The scripts that are sent to hosts: the one place where verify reads files, which are part of the package. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of a script in this folder. */
export function scriptText(name: string): string {
  return readFileSync(join(__dirname, name), "utf8");
}

/** The functions that look at containers of a kind. */
export function kindScript(kind: string): string {
  return scriptText(`../../components/container/kinds/${kind}/probe.sh`);
}
