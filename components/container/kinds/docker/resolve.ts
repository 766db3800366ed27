/** What a Docker container is made of, read: an image by name or from a file, and environment variables. */
import type { Findings } from "../../../../plan/findings";
import type { Content, DockerSource } from "../../../../plan/resolved";
import { isText, sortedEntries } from "../../../../plan/rules";
import type { At } from "../../../../plan/values";
import { ContainerKind } from "../../spec";
import type { ContainerSpec } from "../../spec";
import { checkVariables } from "../../variables";
import { imageFault } from "./image-name";

/** Settings that only Docker has. */
export const DOCKER_KEYS = ["image", "archive", "env"] as const;

export function resolveDocker(spec: ContainerSpec, at: At, said: Findings): Content | undefined {
  const source = resolveSource(spec, at, said);
  const problems = checkVariables((...names) => at("env", ...names), spec.env);
  said.add(problems);
  if (source === undefined || problems.length > 0) return undefined;
  return { kind: ContainerKind.Docker, source, env: Object.fromEntries(sortedEntries(spec.env ?? {})) };
}

const SOURCES =
  "Write image, a name such as debian:12 or vxlab/busybox, or archive, a file of docker save such as ./app.tar.";

function resolveSource({ image, archive }: ContainerSpec, at: At, said: Findings): DockerSource | undefined {
  if (image === undefined && archive === undefined)
    said.say(at("image"), undefined, "Is missing: Docker runs images.", SOURCES);
  const fault = image === undefined ? undefined : imageFault(image);
  said.sayIf(at("image"), image, fault, SOURCES);
  const isFile = isText(archive);
  if (archive !== undefined && !isFile)
    said.say(at("archive"), archive, "Is not the path of a file.", SOURCES);
  if (image !== undefined && archive !== undefined)
    said.say(at("archive"), archive, "Is beside image.", "Leave one of them out.");
  if (image !== undefined) return fault === undefined ? { image } : undefined;
  return isFile ? { archive } : undefined;
}
