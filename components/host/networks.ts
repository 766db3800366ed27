/** The networks that a host itself has an address in, by what the overlay puts on it. */
import { addressText } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { takesPart } from "../segment/mesh";
import { IpFamily } from "../../plan/mtu";
import { readInterface } from "../../plan/read-address";
import { pathOf, sortedEntries } from "../../plan/rules";
import { serviceAddress, subnet4Of } from "../service/services";
import type { SegmentSpec, Topology } from "../../plan/types";

export interface HostNetwork {
  host: string;
  /** The setting that puts the host there. */
  path: string;
  got: unknown;
  subnet: Subnet;
  address: bigint;
  /** The segment, for a DHCP server or gateway; undefined for the bridge's own interface. */
  segment?: string;
  /** Addresses with the same text are on one Ethernet: a segment's name, or one for a bridge that is in none. */
  ethernet: string;
}

/** Sorted: services by segment, then bridges by host. */
export function hostNetworks(topology: Topology): HostNetwork[] {
  return [...serviceNetworks(topology), ...bridgeNetworks(topology)];
}

function serviceNetworks(topology: Topology): HostNetwork[] {
  return sortedEntries(topology.segments).flatMap(([segment, spec]) => {
    const [address, subnet] = [serviceAddress(spec), subnet4Of(spec)];
    const host: unknown = spec.gateway?.host ?? spec.dhcp?.host;
    if (address === undefined || subnet === undefined || typeof host !== "string") return [];
    const path = pathOf("segments", segment, spec.gateway === undefined ? "dhcp" : "gateway");
    return [{ host, path, got: addressText(address), subnet, address, segment, ethernet: segment }];
  });
}

function bridgeNetworks(topology: Topology): HostNetwork[] {
  const ethernetOf = untaggedSegments(topology);
  return sortedEntries(topology.hosts).flatMap(([host, { bridgeAddress: got }]) => {
    const { value } = readInterface(got, IpFamily.V4);
    const path = pathOf("hosts", host, "bridgeAddress");
    return value === undefined ? [] : [{ host, path, got, ...value, ethernet: ethernetOf(host) }];
  });
}

/** The Ethernet of a bridge's own interface: that of the host's untagged segment, or one of its own, which no segment's name equals. */
export function untaggedSegments(topology: Topology): (host: string) => string {
  const untagged = sortedEntries(topology.segments).filter(([, { vlan }]) => vlan === undefined);
  return (host) => untagged.find(([, segment]) => takesPart(topology, segment, host))?.[0] ?? `host ${host}`;
}

/** The untagged segment of a host. */
export function untaggedSegment(topology: Topology, host: string): SegmentSpec | undefined {
  return topology.segments[untaggedSegments(topology)(host)];
}
