/** What an earlier set-up found, in `.vxlab/toolchain.json`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pulumiWrapper, type Paths } from "../../system/paths";
import type { Piece } from "../pieces/piece";
import { providerPath } from "../pieces/plugins";
import { sourcesHash } from "../pieces/stand-ins";
import { versions } from "../pieces/versions";

interface Stamp {
  key: string;
  pieces: Piece[];
}

const file = (paths: Paths): string => join(paths.dot, "toolchain.json");
const keyOf = (paths: Paths): string =>
  JSON.stringify([versions, paths.cache, paths.root, sourcesHash(paths)]);

export function writePieces(paths: Paths, pieces: Piece[]): void {
  const stamp: Stamp = { key: keyOf(paths), pieces };
  writeFileSync(file(paths), JSON.stringify(stamp, null, 2));
}

/** Undefined when a pinned version, a folder or a source has changed since, or a file is missing. */
export function readPieces(paths: Paths): Piece[] | undefined {
  try {
    const { key, pieces } = JSON.parse(readFileSync(file(paths), "utf8")) as Stamp;
    const laidOut = [pulumiWrapper(paths), paths.passphrase, join(paths.pulumiHome, providerPath)];
    const files = [...pieces.map((piece) => piece.path), ...laidOut];
    return key === keyOf(paths) && files.every((path) => existsSync(path)) ? pieces : undefined;
  } catch {
    return undefined;
  }
}
