/** The networks under a lab: which there are, of which family, and how large a packet they take. */
import { contains, familyOf } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { underlaySettings, UNDERLAY } from "../../plan/defaults";
import type { UnderlaySettings } from "../../plan/defaults";
import { participants } from "../segment/mesh";
import { IpFamily, isUnderlayMtu, maxOverlayMtu } from "../../plan/mtu";
import { readAddress, readSubnet } from "../../plan/read-address";
import { pathOf, sortedEntries } from "../../plan/rules";
import { UnderlayMode } from "../../plan/types";
import type { SegmentSpec, Topology, UnderlaySpec } from "../../plan/types";

export interface Underlay extends UnderlaySettings {
  name: string;
  /** Path of its settings. */
  path: string;
  spec: UnderlaySpec;
  /** Undefined when `cidr` is none, which is reported once. */
  subnet?: Subnet;
}

/** As written, used or not: the one, or those of several hypervisors. */
export function writtenUnderlays(topology: Topology): Underlay[] {
  const several = sortedEntries(topology.underlays ?? {});
  if (several.length === 0) return [underlayOf(UNDERLAY, UNDERLAY, topology.underlay, UnderlayMode.Isolated)];
  // From another hypervisor's network nothing gets in by any other mode.
  return several.map(([name, spec]) =>
    underlayOf(name, pathOf("underlays", name), spec, UnderlayMode.Routed),
  );
}

/** Those with machines of ours; hosts that all exist already need none. */
export function underlaysOf(topology: Topology): Underlay[] {
  const hosts = Object.values(topology.hosts);
  const ours = hosts.length === 0 || hosts.some(({ existing }) => existing === undefined);
  return ours ? writtenUnderlays(topology) : [];
}

function underlayOf(name: string, path: string, spec: UnderlaySpec, usualMode: UnderlayMode): Underlay {
  const settings = underlaySettings(spec, usualMode);
  return { name, path, spec, ...settings, subnet: readSubnet(settings.cidr).value };
}

/** Of the first underlay or host that has one: all others are held to it. */
export function labFamily(topology: Topology): IpFamily {
  const [subnet] = underlaysOf(topology).flatMap((underlay) => underlay.subnet ?? []);
  if (subnet !== undefined) return subnet.family;
  const hosts = sortedEntries(topology.hosts);
  const [address] = hosts.flatMap(([, host]) => readAddress(host.address).value ?? []);
  return address === undefined ? IpFamily.V4 : familyOf(address);
}

/** The underlay that holds an address. */
export function underlayAt(underlays: readonly Underlay[], address: bigint): Underlay | undefined {
  return underlays.find(({ subnet }) => subnet !== undefined && contains(subnet, address));
}

/** Those that the machines of a segment are on, in the order of their names. */
export function underlaysSpanned(topology: Topology, segment: SegmentSpec): Underlay[] {
  const all = underlaysOf(topology);
  const ours = participants(topology, segment).filter(({ spec }) => spec.existing === undefined);
  const used = new Set(ours.map(({ spec }) => underlayAt(all, readAddress(spec.address).value ?? -1n)));
  return all.filter((underlay) => used.has(underlay));
}

/**
 * The MTU under a segment, bytes: the smallest of the underlays that its hosts are on. An existing host may have to be
 * reached by any of them. Undefined when one of them is no MTU, which is reported as what it is.
 */
export function underlayMtu(topology: Topology, segment?: SegmentSpec): number | undefined {
  const underlays = writtenUnderlays(topology);
  const used = segment === undefined ? underlays : underlaysUnder(topology, segment, underlays);
  const mtus = used.map(({ mtu }) => mtu);
  return mtus.every(isUnderlayMtu) ? Math.min(...mtus) : undefined;
}

function underlaysUnder(topology: Topology, segment: SegmentSpec, all: Underlay[]): Underlay[] {
  if (all.length === 1) return all;
  const members = participants(topology, segment);
  if (members.some(({ spec }) => spec.existing !== undefined)) return all;
  const used = new Set(members.map(({ spec }) => underlayAt(all, readAddress(spec.address).value ?? -1n)));
  const found = all.filter((underlay) => used.has(underlay));
  return found.length === 0 ? all : found;
}

/** The largest MTU of a segment, or without one of anything on the bridges; undefined as for `underlayMtu`. */
export function segmentMtuLimit(topology: Topology, segment?: SegmentSpec): number | undefined {
  const mtu = underlayMtu(topology, segment);
  return mtu === undefined ? undefined : maxOverlayMtu(mtu, labFamily(topology));
}
