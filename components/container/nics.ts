/** The interfaces of containers, however they are written, and the segments that each is in. */
import { onlySegment } from "../../plan/defaults";
import { pathOf, sortedEntries } from "../../plan/rules";
import type { ContainerSpec, InterfaceSpec, SegmentSpec, Topology } from "../../plan/types";

export interface Nic {
  container: string;
  host: string;
  /** 0 is eth0. */
  number: number;
  spec: InterfaceSpec;
  /** The container's own `portSecurity`, of any type: the default of its interfaces. */
  portSecurity: unknown;
  /** Path of one of its settings. */
  at: (key: string) => string;
}

/** An interface's place in one segment; a trunk has several. */
export interface Attachment {
  nic: Nic;
  /** Name of the segment. */
  name: string;
  segment: SegmentSpec;
  /** Path of the setting that names the segment, and what is written there. */
  path: string;
  got: unknown;
  /** The segment's frames are tagged inside the container too. */
  tagged: boolean;
}

export function nicsOf(topology: Topology): Nic[] {
  return sortedEntries(topology.containers).flatMap(([name, spec]) => nicsOfContainer(name, spec));
}

export function nicsOfContainer(container: string, spec: ContainerSpec): Nic[] {
  const own = { container, host: spec.host, portSecurity: spec.portSecurity };
  if (!Array.isArray(spec.interfaces)) {
    return [{ ...own, number: 0, spec, at: (key) => pathOf("containers", container, key) }];
  }
  return spec.interfaces.map((nic, number) => ({
    ...own,
    number,
    spec: nic,
    at: (key) => pathOf("containers", container, "interfaces", number, key),
  }));
}

/** The places that are known; a segment that is not is reported by whoever checks the container. */
export function attachmentsOf(topology: Topology, nic: Nic): Attachment[] {
  const { trunk, segment = onlySegment(topology) } = nic.spec;
  const tagged = Array.isArray(trunk);
  const names: { name: unknown; path: string; got: unknown }[] = tagged
    ? trunk.map((name, index) => ({ name, path: `${nic.at("trunk")}[${index}]`, got: name }))
    : [{ name: segment, path: nic.at("segment"), got: nic.spec.segment }];
  return names.flatMap(({ name, path, got }) => {
    const found = segmentNamed(topology, name);
    return found === undefined ? [] : [{ nic, name: String(name), segment: found, path, got, tagged }];
  });
}

export function segmentNamed(topology: Topology, name: unknown): SegmentSpec | undefined {
  const known = typeof name === "string" && Object.hasOwn(topology.segments, name);
  return known ? topology.segments[name] : undefined;
}
