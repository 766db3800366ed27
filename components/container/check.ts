import { containerKindOf } from "../../plan/defaults";
import { checkKind } from "./check-kind";
import { checkNic } from "./check-nics";
import { takesPart } from "../segment/mesh";
import { labelFault } from "../../plan/names";
import { attachmentsOf, nicsOfContainer } from "./nics";
import type { Attachment } from "./nics";
import { compareText, pathOf, repeated, sortedEntries, suggest } from "../../plan/rules";
import { ContainerKind } from "../../plan/types";
import type { ContainerSpec, InterfaceSpec, Problem, Topology } from "../../plan/types";

/** Nobody needs more to see how VXLAN works; LXC has no limit of its own. */
const MAX_INTERFACES = 8;
const NIC_KEYS: readonly (keyof InterfaceSpec)[] = ["segment", "address", "address6", "mac", "trunk"];

export function checkContainers(topology: Topology): Problem[] {
  return sortedEntries(topology.containers).flatMap(([name, container]) => {
    const at = (...keys: string[]) => pathOf("containers", name, ...keys);
    const nics = nicsOfContainer(name, container);
    const places = nics.flatMap((nic) => attachmentsOf(topology, nic));
    return [
      ...checkName(name),
      ...checkHost(topology, at("host"), container.host),
      ...checkKind(topology, at, container),
      ...checkCommand(at("command"), container),
      ...checkInterfaces(at, container),
      ...nics.flatMap((nic) => checkNic(topology, nic)),
      ...places.flatMap((place) => checkPlace(topology, at("host"), container.host, place)),
      ...checkOnce(places),
    ];
  });
}

function checkName(name: string): Problem[] {
  const fault = labelFault(name);
  const cure = "Rename the container, for example c1.";
  return fault === undefined ? [] : [{ path: pathOf("containers", name), got: name, message: fault, cure }];
}

function checkHost(topology: Topology, path: string, got: unknown): Problem[] {
  if (typeof got === "string" && Object.hasOwn(topology.hosts, got)) return [];
  const message =
    got === undefined ? "Is missing: every container runs on a host." : "Is not a host of this lab.";
  return [{ path, got, message, cure: suggest(got, Object.keys(topology.hosts).sort(compareText), "host") }];
}

function checkCommand(path: string, container: ContainerSpec): Problem[] {
  const got: unknown = container.command;
  if (got === undefined) return [];
  const cure = 'Write a list of words, for example ["/bin/sleep", "infinity"], or leave it out.';
  const none = containerKindOf(container) === ContainerKind.Docker ? 0 : 1;
  if (!Array.isArray(got) || got.length < none) {
    return [{ path, got, message: "Is not a command: a list of at least one word.", cure }];
  }
  // Any other character may stand: words travel as JSON and reach exec as they are, never a shell.
  return got.flatMap((word: unknown, index) => {
    const message = wordFault(word, index);
    return message === undefined ? [] : [{ path: `${path}[${index}]`, got: word, message, cure }];
  });
}

/** An empty word may be an argument, but not the program. */
function wordFault(word: unknown, index: number): string | undefined {
  if (typeof word !== "string" || word.includes("\0"))
    return "Is not a word of a command: text in quotes without a NUL.";
  return index === 0 && word === "" ? "Is empty, and the first word names the program." : undefined;
}

/** On the container or in the list, not both. */
function checkInterfaces(at: (key: string) => string, container: ContainerSpec): Problem[] {
  const got: unknown = container.interfaces;
  if (got === undefined) return [];
  const path = at("interfaces");
  const many = Array.isArray(got) && got.length >= 1 && got.length <= MAX_INTERFACES;
  const message = `Is not a list of 1 to ${MAX_INTERFACES} interfaces.`;
  const list = many ? [] : [{ path, got, message, cure: "Write [{ segment: … }, { segment: … }]." }];
  const beside = NIC_KEYS.filter((key) => container[key] !== undefined).map((key) => ({
    path: at(key),
    got: container[key],
    message: "Stands beside interfaces, where it belongs to one of them.",
    cure: "Move it into interfaces.",
  }));
  return [...list, ...beside];
}

function checkPlace(
  topology: Topology,
  path: string,
  got: unknown,
  { name, segment }: Attachment,
): Problem[] {
  const known = typeof got === "string" && Object.hasOwn(topology.hosts, got);
  if (!known || takesPart(topology, segment, got)) return [];
  const hosts = pathOf("segments", name, "hosts");
  const message = `Takes no part in segment ${name}, which ${hosts} gives to others.`;
  return [{ path, got, message, cure: `Add ${got} to ${hosts}, or move the container to one of them.` }];
}

function checkOnce(places: readonly Attachment[]): Problem[] {
  const claims = places.map(({ path, got, name }) => ({ path, got, key: name }));
  return repeated(claims, "This segment of the container", "A container is in a segment once: name another.");
}
