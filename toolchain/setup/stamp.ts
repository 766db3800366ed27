/** What an earlier set-up found, in `.vxlab/toolchain.json`. */
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pulumiWrapper, type Environment, type Paths } from "../../system/paths";
import { builtFolder } from "../go/recipe";
import { candidates, ENGINE } from "../pieces/engine";
import type { Piece } from "../pieces/piece";
import { LIBVIRT, providerPath } from "../pieces/plugins";
import { installedPlugin } from "../pieces/published";
import { sourcesHash } from "../pieces/stand-ins";
import { versions } from "../pieces/versions";

interface Stamp {
  key: string;
  pieces: Piece[];
  /** The installed programs that were there to choose from. */
  seen: string[];
}

const file = (paths: Paths): string => join(paths.dot, "toolchain.json");

function keyOf(paths: Paths): string {
  const recipes = [ENGINE, LIBVIRT].map((recipe) => builtFolder(paths, recipe));
  return JSON.stringify([versions, paths.root, recipes, sourcesHash(paths)]);
}

/** The vendor's programs on this machine that would be chosen instead of one of these pieces, if their version is right. */
function rivals(environment: Environment, pieces: readonly Piece[]): string[] {
  return pieces
    .filter(({ source }) => source !== "installed")
    .flatMap(({ name, version }) =>
      name === "pulumi"
        ? candidates(environment).map((path) => `${path} ${statSync(path).ino} ${statSync(path).mtimeMs}`)
        : (installedPlugin(environment, name, version) ?? []),
    );
}

export function writePieces(paths: Paths, environment: Environment, pieces: Piece[]): void {
  const stamp: Stamp = { key: keyOf(paths), pieces, seen: rivals(environment, pieces) };
  const part = `${file(paths)}.${process.pid}`;
  writeFileSync(part, JSON.stringify(stamp, null, 2));
  renameSync(part, file(paths));
}

export function forgetPieces(paths: Paths): void {
  rmSync(file(paths), { force: true });
}

/** Undefined when a pinned version, a recipe or a source has changed, a file is missing, or a rival was installed since. */
export function readPieces(paths: Paths, environment: Environment): Piece[] | undefined {
  const stamp = read(paths);
  if (stamp === undefined || stamp.key !== keyOf(paths)) return undefined;
  const { pieces, seen } = stamp;
  const laidOut = [pulumiWrapper(paths), paths.passphrase, join(paths.pulumiHome, providerPath)];
  const files = [...pieces.map((piece) => piece.path), ...laidOut];
  if (!files.every((path) => existsSync(path))) return undefined;
  return rivals(environment, pieces).every((rival) => seen.includes(rival)) ? pieces : undefined;
}

/** What the last set-up found, whether it still holds or not. */
export function earlierPieces(paths: Paths): Piece[] {
  return read(paths)?.pieces ?? [];
}

function read(paths: Paths): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(file(paths), "utf8")) as Stamp;
  } catch {
    return undefined;
  }
}
