/** What the machines boot, read. */
import type { Findings } from "../../plan/findings";
import type { ResolvedLab } from "../../plan/resolved";
import { isText } from "../../plan/rules";
import { simpleValues } from "../../plan/values";
import { IMAGE, ImageKind } from "./spec";
import type { ImageSpec } from "./spec";

export function resolveImage(spec: ImageSpec, said: Findings): ResolvedLab["image"] {
  const { kind } = simpleValues(IMAGE, spec, (key) => `image.${key}`, said);
  const path: unknown = spec.path;
  if (path === undefined && kind === ImageKind.Cloud) {
    const cure = "Write the path of a qcow2 file on the machine that runs Pulumi.";
    said.say("image.path", path, "Is missing: vxlab does not build cloud images.", cure);
  }
  if (path !== undefined && !isText(path))
    said.say("image.path", path, "Is not a file path.", "Write the path of a qcow2 file.");
  return { kind, ...(isText(path) ? { path } : {}) };
}
