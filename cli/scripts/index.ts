/** Scripts of this folder, which commands send to a host or into a container. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const script = (name: string): string => readFileSync(join(__dirname, `${name}.sh`), "utf8");
