/** What a container is made of: LXC's of nothing that is written, Docker's of an image. */
import { containerKindOf, imageKindOf } from "../../plan/defaults";
import { imageFault } from "./kinds/docker/image-name";
import { checkChoice, isText } from "../../plan/rules";
import { ContainerKind, ImageKind } from "../../plan/types";
import type { ContainerSpec, Problem, Topology } from "../../plan/types";
import { checkVariables } from "./variables";

/** Settings that only Docker has. */
const DOCKER_KEYS = ["image", "archive", "env"] as const;

/** The path of a container's setting. */
type At = (...keys: string[]) => string;

export function checkKind(topology: Topology, at: At, container: ContainerSpec): Problem[] {
  const kind = containerKindOf(container);
  const wrong = checkChoice(at("kind"), kind, Object.values(ContainerKind));
  if (wrong.length > 0) return wrong;
  if (kind !== ContainerKind.Docker) return withoutEffect(at, container);
  return [
    ...checkHostHasDocker(topology, at("kind"), container),
    ...checkSource(at, container),
    ...checkVariables((...names) => at("env", ...names), container.env),
  ];
}

function withoutEffect(at: At, container: ContainerSpec): Problem[] {
  return DOCKER_KEYS.filter((key) => container[key] !== undefined).map((key) => ({
    path: at(key),
    got: container[key],
    message: "Has no effect: an LXC container's files are a busybox userland.",
    cure: `Leave it out, or write kind: ${ContainerKind.Docker}.`,
  }));
}

/** What an existing host or a cloud image has, only the host itself can tell. */
function checkHostHasDocker(topology: Topology, path: string, { host }: ContainerSpec): Problem[] {
  const ours = Object.hasOwn(topology.hosts, host) && topology.hosts[host]?.existing === undefined;
  if (!ours || imageKindOf(topology) !== ImageKind.Golden) return [];
  const message = `Needs Docker on ${host}, which image.kind ${ImageKind.Golden} has not.`;
  const cure = `Write image: { kind: ${ImageKind.Docker} }; the lab's machines are built anew with it.`;
  return [{ path, got: ContainerKind.Docker, message, cure }];
}

const SOURCES =
  "Write image, a name such as debian:12 or vxlab/busybox, or archive, a file of docker save such as ./app.tar.";

function checkSource(at: At, { image, archive }: ContainerSpec): Problem[] {
  if (image === undefined && archive === undefined) {
    const message = "Is missing: Docker runs images.";
    return [{ path: at("image"), got: undefined, message, cure: SOURCES }];
  }
  const both =
    image !== undefined && archive !== undefined
      ? [
          {
            path: at("archive"),
            got: archive,
            message: "Stands beside image.",
            cure: "Leave one of them out.",
          },
        ]
      : [];
  const named: unknown = image;
  const fault = named === undefined ? undefined : imageFault(named);
  const name = fault === undefined ? [] : [{ path: at("image"), got: named, message: fault, cure: SOURCES }];
  const file =
    archive === undefined || isText(archive)
      ? []
      : [{ path: at("archive"), got: archive, message: "Is not the path of a file.", cure: SOURCES }];
  return [...name, ...file, ...both];
}
