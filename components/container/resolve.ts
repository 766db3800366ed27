/** Containers, read: where each runs, what it is made of, its interfaces. */
import type { Findings } from "../../plan/findings";
import { labelFault } from "../../plan/names";
import type { Content, ResolvedContainer } from "../../plan/resolved";
import { compareText, pathOf, sortedEntries, suggest } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { simpleValues } from "../../plan/values";
import type { At } from "../../plan/values";
import { ImageKind } from "../image/spec";
import type { Segments } from "../segment/resolve";
import { DOCKER_KEYS, resolveDocker } from "./kinds/docker/resolve";
import { resolveNics } from "./resolve-nics";
import { COMMAND, CONTAINER, ContainerKind } from "./spec";
import type { ContainerSpec } from "./spec";

interface Context {
  /** The lab's identity. */
  lab: string;
  image: ImageKind;
  segments: Segments;
}

/** Those on a known host with usable contents, sorted by name. */
export function resolveContainers(topology: Topology, context: Context, said: Findings): ResolvedContainer[] {
  return sortedEntries(topology.containers).flatMap(
    ([name, spec]) => resolveContainer(topology, name, spec, context, said) ?? [],
  );
}

function resolveContainer(
  topology: Topology,
  name: string,
  spec: ContainerSpec,
  context: Context,
  said: Findings,
): ResolvedContainer | undefined {
  const at: At = (...keys) => pathOf("containers", name, ...keys);
  said.sayIf(at(), name, labelFault(name), "Rename the container, for example c1.");
  const host = resolveHost(topology, at("host"), spec.host, said);
  const { kind } = simpleValues({ kind: CONTAINER.kind }, spec, at, said);
  const content = resolveContent(topology, spec, kind, { at, ...context }, said);
  const command = resolveCommand(at("command"), spec, kind, said);
  const nics = resolveNics(topology, { name, spec, host, at, ...context }, said);
  if (host === undefined || content === undefined) return undefined;
  return { name, spec, host, content, command, nics };
}

function resolveHost({ hosts }: Topology, path: string, got: unknown, said: Findings): string | undefined {
  if (typeof got === "string" && Object.hasOwn(hosts, got)) return got;
  const message =
    got === undefined ? "Is missing: every container runs on a host." : "Is not a host of this lab.";
  said.say(path, got, message, suggest(got, Object.keys(hosts).sort(compareText), "host"));
  return undefined;
}

function resolveContent(
  topology: Topology,
  spec: ContainerSpec,
  kind: ContainerKind,
  { at, image }: { at: At; image: ImageKind },
  said: Findings,
): Content | undefined {
  // An unknown kind: whether its other settings have an effect is unknown as well.
  if (spec.kind !== undefined && spec.kind !== kind) return undefined;
  if (kind === ContainerKind.Docker) {
    checkHostHasDocker(topology, at("kind"), spec, image, said);
    return resolveDocker(spec, at, said);
  }
  for (const key of DOCKER_KEYS) {
    const message = "Has no effect: an LXC container's files are a busybox userland.";
    const cure = `Leave it out, or write kind: ${ContainerKind.Docker}.`;
    if (spec[key] !== undefined) said.say(at(key), spec[key], message, cure);
  }
  return { kind };
}

/** Whether an existing host or a cloud image has Docker, its step finds out. */
function checkHostHasDocker(
  { hosts }: Topology,
  path: string,
  { host }: ContainerSpec,
  image: ImageKind,
  said: Findings,
): void {
  const ours = Object.hasOwn(hosts, host) && hosts[host]?.existing === undefined;
  if (!ours || image !== ImageKind.Golden) return;
  const message = `Needs Docker on ${host}, which image.kind ${ImageKind.Golden} does not have.`;
  const cure = `Write image: { kind: ${ImageKind.Docker} }; the lab's machines are then replaced.`;
  said.say(path, ContainerKind.Docker, message, cure);
}

function resolveCommand(
  path: string,
  { command: got }: ContainerSpec,
  kind: ContainerKind,
  said: Findings,
): readonly string[] {
  const usual = COMMAND[kind];
  if (got === undefined) return usual;
  const cure = 'Write a list of words, for example ["/bin/sleep", "infinity"], or leave it out.';
  if (!Array.isArray(got) || got.length < Math.min(usual.length, 1)) {
    said.say(path, got, "Is not a command: a list of at least one word.", cure);
    return usual;
  }
  // Any other character may be in them: words travel as JSON and reach exec as they are, never a shell.
  got.forEach((word: unknown, index) => said.sayIf(`${path}[${index}]`, word, wordFault(word, index), cure));
  return got;
}

/** An empty word may be an argument, but not the program. */
function wordFault(word: unknown, index: number): string | undefined {
  if (typeof word !== "string" || word.includes("\0"))
    return "Is not a word of a command: text in quotes without a NUL.";
  return index === 0 && word === "" ? "Is empty, and the first word names the program." : undefined;
}
