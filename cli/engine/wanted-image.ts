/** Which image a stack's machines boot: read from the settings' files, as roles are, since there may be no engine yet. */
import type { BUILDERS } from "../../image/image";
import { Role } from "../../plan/roles";
import type { Context } from "../command";
import { ownSetting, partOf, readSettings, textOf } from "../settings/files";
import { roleOf } from "../state/roles";

export type OwnImage = keyof typeof BUILDERS;

/**
 * The image of ours that is to be there for the stack; undefined when it brings one of its own, or has no machines. A cloud
 * image without a path, or a kind that is none, is the preview's to refuse.
 */
export function wantedImage(context: Context, stack: string): OwnImage | undefined {
  if (roleOf(context, stack) === Role.Overlay) return undefined;
  const image = ownSetting(readSettings(context.paths.root, stack), "image");
  if (textOf(partOf(image, "path")) !== undefined) return undefined;
  const kind = textOf(partOf(image, "kind")) ?? "golden";
  return kind === "golden" || kind === "docker" ? kind : undefined;
}
