/**
 * The language hosts for YAML and Python, which a lab does not need. toolchain/languages.ts adds them; a renewed set-up, which
 * empties the plugins' folder, adds them again.
 */
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Paths } from "../../system/paths";
import { pythonHost, yamlHost } from "../pieces/languages";
import type { Piece, SetUp } from "../pieces/piece";

/** Marks a checkout that has them. Unlike the plugins' folder, it survives an interrupted set-up. */
const mark = (paths: Paths): string => join(paths.dot, "languages");

/** Copies them to this checkout's plugins; the vendor's hosts are already beside the vendor's CLI. For the owner of the cache's lock. */
export async function layOutLanguages(setUp: SetUp, cli: Piece): Promise<Piece[]> {
  const { paths } = setUp;
  const pieces = [await yamlHost(setUp, cli), await pythonHost(setUp, cli)];
  for (const { name, version, source, path } of pieces) {
    const folder = join(paths.pulumiHome, "plugins", `${name}-v${version}`);
    if (source !== "built" && source !== "stand-in") continue;
    mkdirSync(folder, { recursive: true });
    cpSync(path, source === "built" ? join(folder, basename(path)) : folder, { recursive: true });
  }
  writeFileSync(mark(paths), "");
  return pieces;
}

/** Adds them again if they were added before. No lab needs them, so a failure is a warning. */
export async function renewLanguages(setUp: SetUp, cli: Piece): Promise<void> {
  const { paths, reporter } = setUp;
  if (!existsSync(mark(paths))) return;
  try {
    await layOutLanguages(setUp, cli);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    reporter.line(
      `warning: the language hosts for YAML and Python cannot be renewed: run npx tsx toolchain/languages.ts (${why})`,
    );
  }
}
