/** Folders for PATH: programs that are none, and this machine's without some. */
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isProgram } from "../../system/process";
import { temporary } from "./temporary";

/** A folder of programs, each a script of these lines. */
export function programs(scripts: Readonly<Record<string, string>>): string {
  const folder = temporary("path");
  for (const [name, lines] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${lines}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** A folder with links to all that PATH has, but for these; those in /usr/sbin are found all the same. */
export function without(...missing: readonly string[]): string {
  const folder = temporary("path");
  const seen = new Set(missing);
  for (const from of (process.env["PATH"] ?? "").split(":")) {
    for (const name of programsIn(from)) {
      if (seen.has(name)) continue;
      seen.add(name);
      symlinkSync(join(from, name), join(folder, name));
    }
  }
  return folder;
}

function programsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => isProgram(join(folder, name)));
  } catch {
    return [];
  }
}
