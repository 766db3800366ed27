/** Addresses that two want: of services, bridges and containers, written and computed. */
import { addressText, contains, prefixed } from "./addresses";
import { assignments, nearestFree } from "./ipam";
import type { Assignment } from "./ipam";
import { IpFamily } from "./mtu";
import { readInterface } from "./read-address";
import { pathOf, repeated, sortedEntries } from "./rules";
import type { Claim } from "./rules";
import { dhcpRange, serviceAddress, subnet4Of } from "./services";
import type { Problem, Topology } from "./types";

/** Subnets do not overlap, so an address belongs to one of them. */
type AddressClaim = Claim & { key: bigint };

export function checkTaken(topology: Topology): Problem[] {
  const all = assignments(topology);
  const bridges = bridgeClaims(topology);
  const written = all.flatMap(({ computed, path, got, address }): AddressClaim[] =>
    computed || address === undefined ? [] : [{ path, got, key: address }],
  );
  const claims = [...serviceClaims(topology), ...bridges, ...written];
  return [
    ...repeated(claims, "This address", "Give it an address of its own."),
    ...checkLent(topology, [...bridges, ...written]),
    ...checkComputed(all, claims),
  ];
}

function serviceClaims(topology: Topology): AddressClaim[] {
  return sortedEntries(topology.segments).flatMap(([name, segment]) => {
    const key = serviceAddress(segment);
    const setting = segment.gateway === undefined ? "dhcp" : "gateway";
    const path = pathOf("segments", name, setting);
    return key === undefined ? [] : [{ path, got: addressText(key), key }];
  });
}

function bridgeClaims(topology: Topology): AddressClaim[] {
  return sortedEntries(topology.hosts).flatMap(([name, { bridgeAddress: got }]) => {
    const { value } = readInterface(got, IpFamily.V4);
    const path = pathOf("hosts", name, "bridgeAddress");
    return value === undefined ? [] : [{ path, got, key: value.address }];
  });
}

/** What a DHCP server lends is nobody's own. */
function checkLent(topology: Topology, claims: readonly AddressClaim[]): Problem[] {
  return sortedEntries(topology.segments).flatMap(([name, segment]) => {
    const range = dhcpRange(segment);
    const subnet = subnet4Of(segment);
    if (range === undefined || subnet === undefined) return [];
    const text = `${addressText(range.first)} to ${addressText(range.last)}`;
    const message = `Is one of ${text}, which ${pathOf("segments", name, "dhcp")} lends to others.`;
    const cure = "Write an address outside, or another first and last for the DHCP server.";
    return claims
      .filter(({ key }) => contains(subnet, key) && contains(range, key))
      .map(({ path, got }) => ({ path, got, message, cure }));
  });
}

/** A computed address never gives way by itself: it would then depend on who else is there. */
function checkComputed(all: readonly Assignment[], claims: readonly AddressClaim[]): Problem[] {
  const owners = new Map([...claims].reverse().map(({ key, path }) => [key, path]));
  const taken = new Set([...owners.keys(), ...all.flatMap(({ address }) => address ?? [])]);
  return all
    .filter(({ computed }) => computed)
    .flatMap((one) => {
      const { address, path, got } = one;
      if (address === undefined) return [crowded(one)];
      const owner = owners.get(address);
      if (owner === undefined) {
        owners.set(address, path);
        return [];
      }
      const free = nearestFree(one, address, taken);
      if (free !== undefined) taken.add(free);
      const message = `The address computed for it, ${addressText(address)}, is already taken by ${owner}.`;
      return [{ path, got, message, cure: cureOf(one, free) }];
    });
}

function cureOf({ attachment: { tagged }, subnet }: Assignment, free: bigint | undefined): string {
  if (free === undefined) return `Choose a larger subnet: ${subnet.cidr} is full.`;
  if (tagged) return "Rename one of the two containers: inside a trunk no address is written.";
  return `Write ${prefixed(free, subnet)}, the nearest that is free; it then stays as well.`;
}

function crowded({ path, got, subnet, attachment: { tagged } }: Assignment): Problem {
  const message = `No address can be computed for it in ${subnet.cidr}: the DHCP server lends nearly all.`;
  return { path, got, message, cure: tagged ? "Let it lend fewer." : "Write one, or let it lend fewer." };
}
