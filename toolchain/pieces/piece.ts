/** A piece of Pulumi (the CLI, a language host, a plugin, a provider), and where it is taken from. */
import { existsSync } from "node:fs";
import type { Environment, Paths } from "../../system/paths";
import type { Reporter } from "../../system/reporter";
import type { Vendor } from "../vendor/vendor";

export type Source = "installed" | "vendor" | "built" | "stand-in";

export interface Piece {
  name: string;
  version: string;
  source: Source;
  /** A program, or a plugin's folder. */
  path: string;
}

export interface SetUp {
  paths: Paths;
  environment: Environment;
  reporter: Reporter;
  vendor: Vendor;
}

/** Paths that exist are complete: downloads and builds are renamed into place. */
export interface Origins {
  /** On this machine, and new enough. */
  installed?: Piece | undefined;
  /** The vendor's download in the cache. `fetch` returns false if it is not available. */
  vendor?: { path: string; fetch: () => Promise<boolean> };
  /** What the package registries give. `program`: what to look for in the folder `path`. */
  own: { source: "built" | "stand-in"; path: string; program?: string };
}

/** The first of: installed, downloaded earlier, made earlier, downloaded now, to be made. */
export async function choose(
  name: string,
  version: string,
  { installed, vendor, own }: Origins,
): Promise<{ piece: Piece; missing: boolean }> {
  const piece = (source: Source, path: string): Piece => ({ name, version, source, path });
  const there = (one: Piece) => ({ piece: one, missing: false });
  if (installed !== undefined) return there(installed);
  if (vendor !== undefined && existsSync(vendor.path)) return there(piece("vendor", vendor.path));
  const mine = piece(own.source, own.path);
  if (existsSync(own.program ?? own.path)) return there(mine);
  if (vendor !== undefined && (await vendor.fetch())) return there(piece("vendor", vendor.path));
  return { piece: mine, missing: true };
}

/** As `choose`, and makes what has to be made. */
export async function obtain(
  name: string,
  version: string,
  origins: Origins,
  make: () => Promise<unknown>,
): Promise<Piece> {
  const { piece, missing } = await choose(name, version, origins);
  if (missing) await make();
  return piece;
}
