/** The image that a stack's machines boot. Read from the settings files, since there may be no engine yet. */
import { IMAGE } from "../../components/image/spec";
import type { BUILDERS } from "../../image/image";
import { Role } from "../../plan/roles";
import type { Context } from "../command";
import { ownSetting, partOf, readSettings, textOf } from "../settings/files";
import { roleOf } from "../state/roles";

export type OwnImage = keyof typeof BUILDERS;

/**
 * The kind of vxlab's own image that the stack needs; undefined when the stack sets a path, or has no machines. The preview refuses an
 * unknown kind, and a cloud image without a path.
 */
export function wantedImage(context: Context, stack: string): OwnImage | undefined {
  if (roleOf(context, stack) === Role.Overlay) return undefined;
  const image = ownSetting(readSettings(context.paths.root, stack), "image");
  if (textOf(partOf(image, "path")) !== undefined) return undefined;
  const kind = textOf(partOf(image, "kind")) ?? IMAGE.kind.default;
  return kind === "golden" || kind === "docker" ? kind : undefined;
}
