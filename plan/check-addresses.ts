/** Addresses and subnets of the overlay that get in each other's way. */
import { overlap, readInterface, readSubnet } from "./addresses";
import type { Subnet } from "./addresses";
import { subnetOf } from "./check-containers";
import { pathOf, repeated, sortedEntries } from "./rules";
import type { Claim } from "./rules";
import type { Problem, Topology } from "./types";

export function checkAddresses(topology: Topology): Problem[] {
  return [...checkRepeated(topology), ...checkOverlaps(topology)];
}

/** A subnet that a setting puts on the hosts' bridges. */
interface Network {
  path: string;
  got: unknown;
  subnet: Subnet;
  /** Who has it: the bridges' own interfaces are untagged, so they share an Ethernet with the untagged segment. */
  owner: "bridge" | "untagged" | "tagged";
}

/** Containers and bridges of one subnet share its addresses. */
function checkRepeated(topology: Topology): Problem[] {
  const containers = sortedEntries(topology.containers).flatMap(([name, container]): Claim[] => {
    const { value } = readInterface(container.address);
    const inside = value !== undefined && subnetOf(topology, container)?.cidr === value.subnet.cidr;
    return inside
      ? [{ path: pathOf("containers", name, "address"), got: container.address, key: value.address }]
      : [];
  });
  const bridges = sortedEntries(topology.hosts).flatMap(([name, { bridgeAddress: got }]): Claim[] => {
    const { value } = readInterface(got);
    return value === undefined
      ? []
      : [{ path: pathOf("hosts", name, "bridgeAddress"), got, key: value.address }];
  });
  return repeated([...bridges, ...containers], "This address", "Give it an address of its own.");
}

/** Subnets are equal or apart; equal only where both are one untagged Ethernet segment. */
function checkOverlaps(topology: Topology): Problem[] {
  const kept: Network[] = [];
  return [...segmentNetworks(topology), ...bridgeNetworks(topology)].flatMap((network) => {
    const other = kept.find((candidate) => clash(candidate, network));
    if (other === undefined) {
      // One of a kind is enough to compare with: 200 bridges in one subnet stay one comparison each.
      const known = kept.some(
        ({ subnet, owner }) => subnet.cidr === network.subnet.cidr && owner === network.owner,
      );
      if (!known) kept.push(network);
      return [];
    }
    const message = `Its network ${network.subnet.cidr} overlaps ${other.subnet.cidr} of ${other.path}.`;
    return [{ path: network.path, got: network.got, message, cure: overlapCure(network, other) }];
  });
}

/** Segments come before bridges: `b` is a bridge whenever one of the two is. */
function clash(a: Network, b: Network): boolean {
  const sameEthernet = b.owner === "bridge" && a.owner !== "tagged" && a.subnet.cidr === b.subnet.cidr;
  return overlap(a.subnet, b.subnet) && !sameEthernet;
}

function overlapCure(network: Network, other: Network): string {
  if (network.subnet.cidr !== other.subnet.cidr) return "Choose networks that do not overlap.";
  return "Choose another network: a bridge's own interface is untagged, so it cannot be in a segment with a VLAN.";
}

function segmentNetworks(topology: Topology): Network[] {
  return sortedEntries(topology.segments).flatMap(([name, { subnet: got, vlan }]) => {
    const { value: subnet } = readSubnet(got);
    const path = pathOf("segments", name, "subnet");
    return subnet === undefined
      ? []
      : [{ path, got, subnet, owner: vlan === undefined ? ("untagged" as const) : ("tagged" as const) }];
  });
}

function bridgeNetworks(topology: Topology): Network[] {
  return sortedEntries(topology.hosts).flatMap(([name, { bridgeAddress: got }]) => {
    const { value } = readInterface(got);
    const path = pathOf("hosts", name, "bridgeAddress");
    return value === undefined ? [] : [{ path, got, subnet: value.subnet, owner: "bridge" as const }];
  });
}
