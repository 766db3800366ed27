/**
 * The shape of a topology: which keys there are, and that mappings are mappings. What the values must be is checkLab's
 * business alone, so that no rule stands in two places; here any value passes.
 */
import * as z from "zod";
import { checkLab } from "./check";
import { pathOf, suggest } from "./rules";
import type {
  ContainerSpec,
  HostSpec,
  ImageSpec,
  InterfaceSpec,
  Problem,
  SegmentSpec,
  Topology,
  UnderlaySpec,
} from "./types";

/** Every key of a spec: the compiler sees to it that none is forgotten. */
type Shape<Spec> = { [Key in keyof Required<Spec>]: z.ZodType };

const any = z.unknown().optional();
const host: Shape<HostSpec> = {
  address: any,
  existing: any,
  bridgeAddress: any,
  bridge: any,
  memory: any,
  vcpus: any,
  mac: any,
};
const segment: Shape<SegmentSpec> = {
  vni: any,
  subnet: any,
  udpPort: any,
  mtu: any,
  vlan: any,
  subnet6: any,
  hosts: any,
  flooding: any,
  group: any,
  ttl: any,
  hub: any,
  dhcp: any,
  gateway: any,
};
const nic: Shape<InterfaceSpec> = { segment: any, address: any, address6: any, mac: any, trunk: any };
const container: Shape<ContainerSpec> = {
  host: any,
  ...nic,
  kind: any,
  image: any,
  command: any,
  interfaces: any,
};
const underlay: Shape<UnderlaySpec> = { cidr: any, libvirtUri: any, mtu: any, mode: any };
const image: Shape<ImageSpec> = { kind: any, path: any };

const entries = { hosts: host, segments: segment, containers: container };
const singles = { underlay, image };

const topologyShape = z.strictObject({
  underlay: z.strictObject(underlay),
  image: z.strictObject(image),
  hosts: z.record(z.string(), z.strictObject(host)),
  segments: z.record(z.string(), z.strictObject(segment)),
  containers: z.record(z.string(), z.strictObject(container)),
});

/** The settings that make up a topology. */
export const SECTIONS = ["underlay", "image", "hosts", "segments", "containers"] as const;

/**
 * Reads a topology out of data of any kind, with everything that is wrong with it.
 *
 * @param raw by section; a section left out is empty
 * @returns the topology, which is only good to use when there are no problems
 */
export function readTopology(raw: Readonly<Record<string, unknown>>): {
  topology: Topology;
  problems: Problem[];
} {
  const given = Object.fromEntries(SECTIONS.map((section) => [section, raw[section] ?? {}]));
  const issues = topologyShape.safeParse(given).error?.issues ?? [];
  const shape = issues.flatMap((issue) => shapeProblems(given, issue));
  const topology = mended(given);
  // An entry that is no mapping has been said; that it also lacks an address would be noise.
  const broken = issues
    .filter(({ code }) => code !== "unrecognized_keys")
    .map(({ path }) => pathOf(...textual(path)));
  const values = checkLab(topology).filter(({ path }) => !broken.some((head) => isWithin(path, head)));
  return { topology, problems: [...shape, ...values] };
}

function shapeProblems(given: unknown, issue: z.core.$ZodIssue): Problem[] {
  const path = textual(issue.path);
  if (issue.code !== "unrecognized_keys") {
    const message = `Must be a mapping of ${path.length === 1 && isEntries(path[0]) ? "names to settings" : "settings"}.`;
    return [{ path: pathOf(...path), got: lookUp(given, path), message, cure: `Write ${example(path)}.` }];
  }
  const known = knownKeys(path[0]);
  return issue.keys.map((key) => ({
    path: pathOf(...path, key),
    got: lookUp(given, [...path, key]),
    message: "Is not a setting.",
    cure: suggest(key, known, "setting"),
  }));
}

function knownKeys(section: string | undefined): string[] {
  const shape = section === undefined ? {} : ({ ...entries, ...singles } as Record<string, object>)[section];
  return Object.keys(shape ?? {});
}

function isEntries(section: string | undefined): boolean {
  return section !== undefined && Object.hasOwn(entries, section);
}

function example(path: readonly string[]): string {
  const [key = ""] = knownKeys(path[0]);
  const inner = `{ ${key}: … }`;
  return path.length === 1 && isEntries(path[0]) ? `{ NAME: ${inner} }` : inner;
}

/** The given data with an empty mapping wherever something else stands for one. */
function mended(given: Readonly<Record<string, unknown>>): Topology {
  const section = (name: string) => {
    const found = mapping(given[name]);
    if (!isEntries(name)) return found;
    return Object.fromEntries(Object.entries(found).map(([key, entry]) => [key, mapping(entry)]));
  };
  // The values may still be anything, which is what checkLab is made for.
  return Object.fromEntries(SECTIONS.map((name) => [name, section(name)])) as unknown as Topology;
}

function mapping(value: unknown): Record<string, unknown> {
  const fits = typeof value === "object" && value !== null && !Array.isArray(value);
  return fits ? (value as Record<string, unknown>) : {};
}

function lookUp(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => mapping(found)[key], data);
}

function textual(path: readonly PropertyKey[]): string[] {
  return path.map(String);
}

function isWithin(path: string, head: string): boolean {
  return path === head || path.startsWith(`${head}.`) || path.startsWith(`${head}[`);
}
