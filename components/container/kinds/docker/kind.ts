import type { Findings } from "../../../../plan/findings";
import { isText, sortedEntries } from "../../../../plan/rules";
import { HostNeed } from "../../../host/spec";
import { ImageKind } from "../../../image/spec";
import { checkVariables } from "../../variables";
import type { Kind, KindInput } from "../kind";
import type { KindSettings } from "../spec";
import { imageFault } from "./image-name";
import { resolvePrivileges } from "./privileges";

const runtimeName = (name: string): string => `vxlab-${name}`;

export const docker: Kind = {
  title: "Docker",
  component: "DockerContainer",
  scripts: ["guest.sh", "start.sh", "image.sh"],
  command: [],
  settings: ["image", "archive", "env", "volumes", "capAdd"],
  limit: "a Docker container is made from an image",
  keepsRoot: false,
  file: { key: "archive", holds: "what docker save writes" },
  need: HostNeed.Docker,
  resolve(input, said) {
    const { spec, at } = input;
    checkDockerHost(input, said);
    const source = resolveSource(input, said);
    const problems = checkVariables((...names) => at("env", ...names), spec.env);
    said.add(problems);
    const privileges = resolvePrivileges(spec, at, said);
    if (source === undefined || problems.length > 0 || privileges === undefined) return undefined;
    const env = sortedEntries(spec.env ?? {});
    return { ...source, ...(env.length === 0 ? {} : { env: Object.fromEntries(env) }), ...privileges };
  },
  // The image's name, or the SHA-256 of its archive, which was copied to the host before.
  state: ({ image = null, archive = null, volumes = {}, capAdd = [] }) => ({
    ...{ image, archive },
    ...(Object.keys(volumes).length === 0
      ? {}
      : { volumes: sortedEntries(volumes).map(([path, name]) => ({ path, name })) }),
    ...(capAdd.length === 0 ? {} : { capAdd }),
  }),
  runtimeName,
  // With -t Docker creates the container's end of the terminal.
  exec: (name, command, terminal) => ["docker", "exec", "-i", ...terminal, runtimeName(name), ...command],
  shell: ["/.vxlab/busybox", "sh"],
  stop: (name) => ["docker", "stop", "-t", "3", runtimeName(name)],
  pid: (name) => ["docker", "inspect", "-f", "{{.State.Pid}}", runtimeName(name)],
  logs: (name, lines, follow) => [
    ...["docker", "logs"],
    ...(lines === undefined ? [] : ["--tail", String(lines)]),
    ...(follow ? ["-f"] : []),
    runtimeName(name),
  ],
};

/** Existing hosts and cloud images are not checked here: their steps find out whether they have Docker. */
function checkDockerHost({ spec: { host }, at, image }: KindInput, said: Findings): void {
  if (image !== ImageKind.Golden) return;
  const message = `Needs Docker on ${host}, which image.kind ${ImageKind.Golden} does not have.`;
  const cure = `Write image: { kind: ${ImageKind.Docker} }; the lab's machines are then replaced.`;
  said.say(at("kind"), "docker", message, cure);
}

const SOURCES =
  "Write image, a name such as debian:12 or vxlab/busybox, or archive, a file of docker save such as ./app.tar.";

/** An image by name, or as a file of `docker save`. */
function resolveSource(
  { spec: { image, archive }, at }: KindInput,
  said: Findings,
): KindSettings | undefined {
  if (image === undefined && archive === undefined)
    said.say(at("image"), undefined, "Is missing: Docker runs images.", SOURCES);
  const fault = image === undefined ? undefined : imageFault(image);
  said.sayIf(at("image"), image, fault, SOURCES);
  const isFile = isText(archive);
  if (archive !== undefined && !isFile) said.say(at("archive"), archive, "Is not a file path.", SOURCES);
  if (image !== undefined && archive !== undefined)
    said.say(at("archive"), archive, "Cannot be combined with image.", "Remove one of the two.");
  if (image !== undefined) return fault === undefined ? { image } : undefined;
  return isFile ? { archive } : undefined;
}
