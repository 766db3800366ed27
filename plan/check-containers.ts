import { memberFault, readInterface, readSubnet, usableRange } from "./addresses";
import type { Subnet } from "./addresses";
import { segmentNameOf } from "./defaults";
import { labelFault } from "./names";
import { compareText, pathOf, sortedEntries, suggest } from "./rules";
import type { ContainerSpec, Problem, Topology } from "./types";

export function checkContainers(topology: Topology): Problem[] {
  return sortedEntries(topology.containers).flatMap(([name, container]) => {
    const at = (key: string) => pathOf("containers", name, key);
    return [
      ...checkName(name),
      ...checkHost(topology, at("host"), container.host),
      ...checkSegment(topology, at("segment"), container),
      ...checkAddress(topology, at("address"), container),
      ...checkCommand(at("command"), container.command),
    ];
  });
}

/** The subnet of a container's segment; undefined when either is not known, which is reported elsewhere. */
export function subnetOf(topology: Topology, container: ContainerSpec): Subnet | undefined {
  const name = segmentNameOf(topology, container);
  const segment =
    name !== undefined && Object.hasOwn(topology.segments, name) ? topology.segments[name] : undefined;
  return segment === undefined ? undefined : readSubnet(segment.subnet).value;
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

function checkSegment(topology: Topology, path: string, container: ContainerSpec): Problem[] {
  const name = segmentNameOf(topology, container);
  if (typeof name === "string" && Object.hasOwn(topology.segments, name)) return [];
  const got = container.segment;
  const known = Object.keys(topology.segments).sort(compareText);
  const missing =
    known.length === 0 ? "Is missing, and there is no segment." : "Is missing, and there are several.";
  const message = got === undefined ? missing : "Is not a segment of this lab.";
  return [{ path, got, message, cure: suggest(got, known, "segment") }];
}

function checkAddress(topology: Topology, path: string, container: ContainerSpec): Problem[] {
  const got = container.address;
  const subnet = subnetOf(topology, container);
  const read = readInterface(got);
  const range = subnet === undefined ? "" : `, from ${usableRange(subnet)} with /${subnet.prefix}`;
  const cure = `Write a free address of the segment's subnet with its prefix length${range}.`;
  const fault = read.fault ?? (subnet && addressFault(subnet, read.value.address, read.value.subnet.prefix));
  return fault === undefined ? [] : [{ path, got, message: fault, cure }];
}

function addressFault(subnet: Subnet, address: number, prefix: number): string | undefined {
  const fault = memberFault(subnet, address);
  if (fault !== undefined || prefix === subnet.prefix) return fault;
  return `Its prefix length is /${prefix}, but the segment's subnet is ${subnet.cidr}.`;
}

function checkCommand(path: string, got: unknown): Problem[] {
  if (got === undefined) return [];
  const cure = 'Write a list of words, for example ["/bin/sleep", "infinity"], or leave it out.';
  if (!Array.isArray(got) || got.length === 0) {
    return [{ path, got, message: "Is not a command: a list of at least one word.", cure }];
  }
  // Any other character may stand: words travel as JSON and reach exec as they are, never a shell.
  return got.flatMap((word: unknown, index) => {
    const usable = typeof word === "string" && word !== "" && !word.includes("\0");
    const message = "Is not a word of a command: text that is not empty and has no NUL in it.";
    return usable ? [] : [{ path: `${path}[${index}]`, got: word, message, cure }];
  });
}
