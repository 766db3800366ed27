/** Which image a stack's machines boot: read from the settings' files, as roles are, since there may be no engine yet. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BUILDERS } from "../../image/image";
import { Role } from "../../plan/roles";
import type { Context } from "../command";
import { roleOf } from "./roles";

export type OwnImage = keyof typeof BUILDERS;

/** The image of ours that is to be there for the stack; undefined when it brings one of its own, or has no machines. */
export function wantedImage(context: Context, stack: string): OwnImage | undefined {
  if (roleOf(context, stack) === Role.Overlay) return undefined;
  for (const file of [`Pulumi.${stack}.yaml`, "Pulumi.yaml"]) {
    const path = join(context.paths.root, file);
    const image = existsSync(path) ? imageIn(readFileSync(path, "utf8")) : undefined;
    if (image !== undefined) return ownOf(image);
  }
  return "golden";
}

/** `vxlab:image` as a settings file writes it: in a block, in braces, as JSON, below `value:`. */
interface Written {
  kind?: string;
  path?: string;
}

/** A cloud image without a path, or a kind that is none, is the preview's to refuse. */
function ownOf({ kind = "golden", path }: Written): OwnImage | undefined {
  if (path !== undefined) return undefined;
  return kind === "golden" || kind === "docker" ? kind : undefined;
}

/** @returns undefined when the file says nothing of it */
export function imageIn(yaml: string): Written | undefined {
  const lines = yaml.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*/, ""));
  const start = lines.findIndex((line) => KEY.test(line));
  const [, indent = "", , first] = KEY.exec(lines[start] ?? "") ?? [];
  if (first === undefined) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /\S/.test(line) && line.search(/\S/) <= indent.length);
  const text = [first, ...(end < 0 ? rest : rest.slice(0, end))].join("\n");
  return { kind: valueOf("kind", text), path: valueOf("path", text) };
}

const KEY = /^(\s*)(["']?)vxlab:image\2[ \t]*:(.*)$/;

/** Undefined for what is not there, empty or null. */
function valueOf(key: string, text: string): string | undefined {
  const entry = new RegExp(`(?:^|[\\s{,'])(["']?)${key}\\1[ \\t]*:[ \\t]*(["']?)([^"',}\\n]*)`);
  const value = entry.exec(text)?.[3]?.trim();
  return value === "" || value === "null" || value === "~" ? undefined : value;
}
