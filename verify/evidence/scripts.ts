/** The scripts that are sent to hosts: the one place where verify reads files, which are part of the package. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { probesOf } from "../../components/container/kinds";
import type { ContainerKind } from "../../components/container/kinds";
import { functionsOf } from "../../guest/order";

/** The text of a script in this folder. */
export function scriptText(name: string): string {
  return readFileSync(join(__dirname, name), "utf8");
}

/** The functions that look at containers of a kind. */
export function kindScript(kind: ContainerKind): string {
  return functionsOf(scriptText(`../../components/container/kinds/${kind}/guest.sh`), probesOf(kind));
}
