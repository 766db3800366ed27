/** The stations of a segment that the plan knows, by host, for flooding by flows. */
import { endpointOf } from "../encryption/endpoint";
import { addressText } from "../../plan/addresses";
import type { BridgePlan, ContainerPlan, ServicePlan, StationPlan } from "../../plan/lab-plan";
import type { ResolvedLab, ResolvedSegment } from "../../plan/resolved";
import { compareText } from "../../plan/rules";

export interface KnownStation extends StationPlan {
  host: string;
}

export interface Known {
  lab: Pick<ResolvedLab, "underlays" | "networks" | "peers">;
  /** By host. */
  bridges: ReadonlyMap<string, BridgePlan>;
  containers: readonly ContainerPlan[];
  services: readonly ServicePlan[];
}

interface Place {
  host: string;
  mac: string;
  /** With prefix length. */
  addresses: readonly string[];
}

/**
 * Every interface in the segment, sorted by MAC. An interface with an address from DHCP, or without one, is known by its MAC only: frames
 * to it are forwarded, and it answers ARP itself.
 */
export function stationsOf(segment: ResolvedSegment, known: Known): KnownStation[] {
  const vteps = new Map(segment.members.map((one) => [one.name, addressText(endpointOf(one))]));
  const places = [
    ...known.containers.flatMap((container) => containerPlaces(container, segment.name)),
    ...known.services.filter((service) => service.segment === segment.name),
    ...(segment.vlan === undefined ? bridgePlaces(known.bridges) : []),
  ];
  return places
    .flatMap(({ host, mac, addresses }): KnownStation[] => {
      const vtep = vteps.get(host);
      return vtep === undefined ? [] : [{ host, mac, addresses: addresses.map(bare), vtep }];
    })
    .sort((a, b) => compareText(a.mac, b.mac));
}

/** Inside a trunk, the tagged interfaces have the MAC of the one below them. */
function containerPlaces({ host, interfaces }: ContainerPlan, segment: string): Place[] {
  return interfaces.flatMap(({ mac, addresses, segment: own, trunk }) => [
    ...(own === segment ? [{ host, mac, addresses }] : []),
    ...trunk.filter((tagged) => tagged.segment === segment).map((tagged) => ({ ...tagged, host, mac })),
  ]);
}

/** A bridge's own interface is untagged, and answers only when it has an address. */
function bridgePlaces(bridges: Known["bridges"]): Place[] {
  return [...bridges].flatMap(([host, { mac, address }]) =>
    address === undefined ? [] : [{ host, mac, addresses: [address] }],
  );
}

function bare(address: string): string {
  return address.split("/")[0] ?? address;
}
