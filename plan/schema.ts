/**
 * The shape of a topology: which keys there are, and that mappings are mappings. What the values must be is checkLab's
 * business alone, so that no rule stands in two places; here any value passes.
 */
import * as z from "zod";
import { checkLab } from "./check";
import { pathOf, suggest } from "./rules";
import type {
  ContainerSpec,
  DhcpSpec,
  ExistingSpec,
  GatewaySpec,
  HostSpec,
  ImageSpec,
  InterfaceSpec,
  Problem,
  SegmentSpec,
  Topology,
  UnderlaySpec,
} from "./types";

/** Every key of a spec: the compiler sees to it that none is forgotten. */
export type Shape<Spec> = { [Key in keyof Required<Spec>]: z.ZodType };

export const anything = z.unknown().optional();
const existing: Shape<ExistingSpec> = {
  hostKey: anything,
  keyFile: anything,
  user: anything,
  port: anything,
  sshAddress: anything,
};
const host: Shape<HostSpec> = {
  address: anything,
  existing: z.strictObject(existing).optional(),
  bridgeAddress: anything,
  bridge: anything,
  memory: anything,
  vcpus: anything,
  mac: anything,
  guard: anything,
};
const dhcp: Shape<DhcpSpec> = { host: anything, first: anything, last: anything };
const gateway: Shape<GatewaySpec> = { host: anything, address: anything };
const segment: Shape<SegmentSpec> = {
  vni: anything,
  subnet: anything,
  udpPort: anything,
  mtu: anything,
  vlan: anything,
  subnet6: anything,
  hosts: anything,
  flooding: anything,
  group: anything,
  ttl: anything,
  hub: anything,
  dhcp: z.strictObject(dhcp).optional(),
  gateway: z.strictObject(gateway).optional(),
  portSecurity: anything,
};
const nic: Shape<InterfaceSpec> = {
  segment: anything,
  address: anything,
  address6: anything,
  mac: anything,
  trunk: anything,
  portSecurity: anything,
};
const container: Shape<ContainerSpec> = {
  host: anything,
  ...nic,
  kind: anything,
  image: anything,
  archive: anything,
  env: anything,
  command: anything,
  interfaces: z.array(z.strictObject(nic)).optional(),
};
const underlay: Shape<UnderlaySpec> = {
  cidr: anything,
  libvirtUri: anything,
  accel: anything,
  mtu: anything,
  mode: anything,
  nameservers: anything,
};
const image: Shape<ImageSpec> = { kind: anything, path: anything };

const named = (shape: z.ZodRawShape) => z.record(z.string(), z.strictObject(shape));
const sections = {
  underlay: z.strictObject(underlay),
  underlays: named(underlay).optional(),
  image: z.strictObject(image),
  hosts: named(host),
  segments: named(segment),
  containers: named(container),
} satisfies Shape<Topology>;
const topologyShape = z.strictObject(sections);

/** The keys of everything that is written by name, or stands for itself. */
export const KEYS_OF = Object.fromEntries(
  Object.entries({ underlay, image, host, existing, segment, dhcp, gateway, container, nic }).map(
    ([name, shape]) => [name, Object.keys(shape)],
  ),
);

/** The settings that make up a topology. */
export const SECTIONS = Object.keys(sections) as readonly (keyof Topology)[];

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
  const wanted = SECTIONS.filter((section) => section !== "underlays" || raw[section] !== undefined);
  const given = Object.fromEntries(wanted.map((section) => [section, raw[section] ?? {}]));
  const issues = topologyShape.safeParse(given).error?.issues ?? [];
  const shape = issues.flatMap((issue) => shapeProblems(topologyShape, given, issue));
  // The values may still be anything, which is what checkLab is made for.
  const topology = mended(topologyShape, given) as Topology;
  // An entry that is no mapping has been said; that it also lacks an address would be noise.
  const broken = issues
    .filter(({ code }) => code !== "unrecognized_keys")
    .map(({ path }) => pathOf(...steps(path)));
  const values = checkLab(topology).filter(({ path }) => !broken.some((head) => isWithin(path, head)));
  return { topology, problems: [...shape, ...values] };
}

/** Keys and mappings of settings that are no topology, such as an overlay's `hosts`. */
export function checkShape(root: z.ZodType, given: unknown): Problem[] {
  const issues = root.safeParse(given).error?.issues ?? [];
  return issues.flatMap((issue) => shapeProblems(root, given, issue));
}

function shapeProblems(root: z.ZodType, given: unknown, issue: z.core.$ZodIssue): Problem[] {
  const path = steps(issue.path);
  const node = nodeAt(root, path);
  if (issue.code !== "unrecognized_keys") {
    const message = `Must be a ${node instanceof z.ZodArray ? "list" : "mapping"} of ${contents(node)}.`;
    return [{ path: pathOf(...path), got: lookUp(given, path), message, cure: `Write ${example(node)}.` }];
  }
  return issue.keys.map((key) => ({
    path: pathOf(...path, key),
    got: lookUp(given, [...path, key]),
    message: "Is not a setting.",
    cure: suggest(key, keysOf(node), "setting"),
  }));
}

function contents(node: z.ZodType): string {
  if (node instanceof z.ZodArray) return "mappings";
  return node instanceof z.ZodRecord ? "names to settings" : "settings";
}

function example(node: z.ZodType): string {
  if (node instanceof z.ZodArray) return `[${example(below(node, 0))}]`;
  if (node instanceof z.ZodRecord) return `{ NAME: ${example(below(node, ""))} }`;
  return `{ ${keysOf(node)[0] ?? ""}: … }`;
}

function keysOf(node: z.ZodType): string[] {
  return node instanceof z.ZodObject ? Object.keys(node.shape) : [];
}

/** The shape of what is found along a path. */
function nodeAt(root: z.ZodType, path: readonly (string | number)[]): z.ZodType {
  return path.reduce<z.ZodType>((node, step) => below(node, step), root);
}

function below(node: z.ZodType, step: string | number): z.ZodType {
  if (node instanceof z.ZodObject) return required((node.shape as z.ZodRawShape)[step]);
  if (node instanceof z.ZodRecord) return required(node.valueType);
  return node instanceof z.ZodArray ? required(node.element) : anything;
}

function required(node: z.core.$ZodType | undefined): z.ZodType {
  const inner = node instanceof z.ZodOptional ? node.unwrap() : node;
  return (inner ?? anything) as z.ZodType;
}

/** The given data with an empty mapping or list wherever something else stands for one. */
function mended(node: z.ZodType, value: unknown): unknown {
  if (node instanceof z.ZodArray) {
    return Array.isArray(value) ? value.map((one) => mended(below(node, 0), one)) : [];
  }
  if (!(node instanceof z.ZodObject || node instanceof z.ZodRecord)) return value;
  const entries = Object.entries(mapping(value));
  const wanted = entries.filter(([, one]) => node instanceof z.ZodRecord || one !== undefined);
  return Object.fromEntries(wanted.map(([key, one]) => [key, mended(below(node, key), one)]));
}

function mapping(value: unknown): Record<string, unknown> {
  const fits = typeof value === "object" && value !== null && !Array.isArray(value);
  return fits ? (value as Record<string, unknown>) : {};
}

function lookUp(data: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, step) => (found as Record<string, unknown> | undefined)?.[step], data);
}

function steps(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((step) => (typeof step === "number" ? step : String(step)));
}

function isWithin(path: string, head: string): boolean {
  return path === head || path.startsWith(`${head}.`) || path.startsWith(`${head}[`);
}
