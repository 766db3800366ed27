/** The overlay networks in which a host itself has an address. */
import { addressText } from "../../plan/addresses";
import type { InterfaceAddress, Subnet } from "../../plan/addresses";
import type { ResolvedLab, ResolvedSegment } from "../../plan/resolved";
import { pathOf } from "../../plan/rules";
import { servicesOf } from "../service/of-segment";

export interface HostNetwork {
  host: string;
  /** The setting that puts the host there. */
  path: string;
  got: unknown;
  subnet: Subnet;
  address: bigint;
  /** The segment, for a DHCP server or gateway; undefined for the bridge's own interface. */
  segment?: string;
  /** Identifies the Ethernet that the address is on: a segment's name, or a text of its own for a bridge in no segment. */
  ethernet: string;
}

/** Sorted: services by segment, then bridges by host. */
export function hostNetworks(lab: ResolvedLab): HostNetwork[] {
  return [...lab.segments.flatMap(serviceNetworks), ...bridgeNetworks(lab)];
}

function serviceNetworks(segment: ResolvedSegment): HostNetwork[] {
  const { name } = segment;
  return servicesOf(segment).flatMap((service) => {
    const { host, four, six, nat } = service;
    const own = { host, segment: name, ethernet: name };
    const gateway = "path" in service ? service.path : pathOf("segments", name, "gateway");
    const of = (path: string, one: InterfaceAddress | undefined) =>
      one === undefined ? [] : [{ ...own, path, got: addressText(one.address), ...one }];
    return [...of(nat ? gateway : pathOf("segments", name, "dhcp"), four), ...of(gateway, six)];
  });
}

function bridgeNetworks({ hosts, segments }: ResolvedLab): HostNetwork[] {
  return hosts.flatMap(({ name: host, spec: { bridgeAddress: got }, bridgeAddress }) => {
    const path = pathOf("hosts", host, "bridgeAddress");
    // Names of segments contain no space, so this is not one.
    const ethernet = untaggedSegment(segments, host)?.name ?? `host ${host}`;
    return bridgeAddress === undefined ? [] : [{ host, path, got, ...bridgeAddress, ethernet }];
  });
}

/** The untagged segment of a host, which its bridge's own interface is in. */
export function untaggedSegment(
  segments: readonly ResolvedSegment[],
  host: string,
): ResolvedSegment | undefined {
  return segments.find(({ vlan, names }) => vlan === undefined && names.includes(host));
}
