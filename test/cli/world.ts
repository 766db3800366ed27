/** A checkout that is none: enough of one for what the CLI looks at. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command, Context } from "../../cli/command";
import { Output } from "../../cli/output/output";
import { pathsOf, type Environment } from "../../system/paths";
import { temporary } from "../lib/temporary";

export const project = join(__dirname, "..", "..");

export interface World extends Context {
  /** What was printed as results, and as remarks. */
  stdout(): string;
  stderr(): string;
  write(path: string, text: string): void;
}

export function world(environment: Environment = {}, commands: readonly Command[] = []): World {
  const root = temporary("test");
  const [out, err]: string[][] = [[], []];
  const stream = (lines: string[] | undefined) => ({ write: (text: string) => lines?.push(text) });
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    if (text.startsWith("#!")) chmodSync(join(root, path), 0o755);
  };
  write("Pulumi.yaml", "name: fake\nruntime: nodejs\n");
  for (const name of ["system", "toolchain"]) symlinkSync(join(project, name), join(root, name));
  return {
    paths: pathsOf(root, { HOME: root, ...environment }),
    environment: { PATH: process.env["PATH"], HOME: root, ...environment },
    out: new Output(stream(out), stream(err), {}),
    commands,
    stdout: () => out?.join("") ?? "",
    stderr: () => err?.join("") ?? "",
    write,
  };
}
