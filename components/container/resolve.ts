/** Containers, read: where each runs, what it is made of, its interfaces. */
import type { Findings } from "../../plan/findings";
import { labelFault } from "../../plan/names";
import type { Content, ResolvedContainer } from "../../plan/resolved";
import { compareText, pathOf, sortedEntries, suggest } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { simpleValues } from "../../plan/values";
import type { At } from "../../plan/values";
import type { ImageKind } from "../image/spec";
import type { Segments } from "../segment/resolve";
import { usualGateway6 } from "./announced";
import { CONTAINER_KINDS, CONTAINER_WORDS } from "./kinds";
import type { ContainerKind } from "./kinds";
import { resolveExec, resolveFiles } from "./resolve-content";
import { resolveNics } from "./resolve-nics";
import { resolvePorts } from "./ports";
import { resolveForwards, resolveGateways, resolveRoutes } from "./resolve-routing";
import { resolveSysctls } from "./resolve-sysctls";
import { CONTAINER } from "./spec";
import type { ContainerSpec } from "./spec";

interface Context {
  /** The lab's identity. */
  lab: string;
  image: ImageKind;
  segments: Segments;
}

/** Those on a known host with usable contents, sorted by name. */
export function resolveContainers(topology: Topology, context: Context, said: Findings): ResolvedContainer[] {
  const all = sortedEntries(topology.containers).flatMap(
    ([name, spec]) => resolveContainer(topology, name, spec, context, said) ?? [],
  );
  return all.map((one) => {
    const routes = [...one.routes, ...resolveGateways(one, all, said)];
    return { ...one, routes: [...routes, ...usualGateway6({ ...one, routes })] };
  });
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
  const content = resolveContent(topology, spec, kind, { host, at, ...context }, said);
  const command = resolveCommand(at("command"), spec, kind, said);
  const files = resolveFiles(spec, at, said);
  const exec = resolveExec(spec, at, said);
  const nics = resolveNics(topology, { name, spec, host, at, ...context }, said);
  const sysctls = resolveSysctls(spec, at, said);
  const routes = resolveRoutes(spec, nics, at, said);
  const ports = resolvePorts(spec, at, said);
  nics.forEach((nic) => resolveForwards(nic, said));
  if (host === undefined || content === undefined) return undefined;
  return { name, spec, host, content, command, files, exec, routes, sysctls, ports, nics };
}

function resolveHost({ hosts }: Topology, path: string, got: unknown, said: Findings): string | undefined {
  if (typeof got === "string" && Object.hasOwn(hosts, got)) return got;
  const message =
    got === undefined ? "Is missing: every container runs on a host." : "Is not a host of this lab.";
  said.say(path, got, message, suggest(got, Object.keys(hosts).sort(compareText), "host"));
  return undefined;
}

function resolveContent(
  { hosts }: Topology,
  spec: ContainerSpec,
  kind: ContainerKind,
  { host, at, image }: { host: string | undefined; at: At; image: ImageKind },
  said: Findings,
): Content | undefined {
  // An unknown kind: whether its other settings have an effect is unknown as well.
  if (spec.kind !== undefined && spec.kind !== kind) return undefined;
  const own = CONTAINER_KINDS[kind];
  const every = new Set(CONTAINER_WORDS.flatMap((word) => CONTAINER_KINDS[word].settings));
  for (const key of [...every].filter((one) => !own.settings.includes(one))) {
    const words = CONTAINER_WORDS.filter((word) => CONTAINER_KINDS[word].settings.includes(key));
    const cure = `Leave it out, or write kind: ${words.join(" or ")}.`;
    if (spec[key] !== undefined) said.say(at(key), spec[key], `Has no effect: ${own.limit}.`, cure);
  }
  const ours = host !== undefined && hosts[host]?.existing === undefined;
  const content = own.resolve({ spec, at, image: ours ? image : undefined }, said);
  return content === undefined ? undefined : { kind, ...content };
}

function resolveCommand(
  path: string,
  { command: got }: ContainerSpec,
  kind: ContainerKind,
  said: Findings,
): readonly string[] {
  const usual = CONTAINER_KINDS[kind].command;
  if (got === undefined) return usual;
  const cure = 'Write a list of words, for example ["/bin/sleep", "infinity"], or leave it out.';
  if (!Array.isArray(got) || got.length < Math.min(usual.length, 1)) {
    said.say(path, got, "Is not a command: it must be a list of at least one word.", cure);
    return usual;
  }
  // Any other character is allowed: the words are sent as JSON and reach exec unchanged, without a shell.
  got.forEach((word: unknown, index) => said.sayIf(`${path}[${index}]`, word, wordFault(word, index), cure));
  return got;
}

/** An empty word may be an argument, but not the program. */
function wordFault(word: unknown, index: number): string | undefined {
  if (typeof word !== "string" || word.includes("\0"))
    return "Is not a word of a command: it must be text in quotes, without NUL.";
  return index === 0 && word === "" ? "Is empty, but the first word is the program." : undefined;
}
