/** Addresses and subnets of the overlay that get in each other's way. */
import { overlap } from "./addresses";
import type { Subnet } from "./addresses";
import { checkTaken } from "./check-taken";
import { subnet6Of } from "./ipam";
import { IpFamily } from "./mtu";
import { readInterface } from "./read-address";
import { pathOf, sortedEntries } from "./rules";
import { subnet4Of } from "./services";
import type { Problem, Topology } from "./types";

export function checkAddresses(topology: Topology): Problem[] {
  return [...checkTaken(topology), ...checkOverlaps(topology)];
}

/** A subnet that a setting puts on the hosts' bridges. */
interface Network {
  path: string;
  got: unknown;
  subnet: Subnet;
  /** Who has it: the bridges' own interfaces are untagged, so they share an Ethernet with the untagged segment. */
  owner: "bridge" | "untagged" | "tagged";
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
  return sortedEntries(topology.segments).flatMap(([name, segment]) => {
    const owner = segment.vlan === undefined ? ("untagged" as const) : ("tagged" as const);
    const written = [
      { key: "subnet" as const, subnet: subnet4Of(segment) },
      { key: "subnet6" as const, subnet: subnet6Of(segment) },
    ];
    return written.flatMap(({ key, subnet }) => {
      const [path, got] = [pathOf("segments", name, key), segment[key]];
      return subnet === undefined ? [] : [{ path, got, subnet, owner }];
    });
  });
}

function bridgeNetworks(topology: Topology): Network[] {
  return sortedEntries(topology.hosts).flatMap(([name, { bridgeAddress: got }]) => {
    const { value } = readInterface(got, IpFamily.V4);
    const path = pathOf("hosts", name, "bridgeAddress");
    return value === undefined ? [] : [{ path, got, subnet: value.subnet, owner: "bridge" as const }];
  });
}
