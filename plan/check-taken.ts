/** Addresses that two want: of services, bridges and containers, written and computed. */
import { addressText, contains, prefixed } from "./addresses";
import { assignments, nearestFree } from "./ipam";
import type { Assignment } from "./ipam";
import { hostNetworks } from "../components/host/networks";
import type { HostNetwork } from "../components/host/networks";
import { pathOf, repeated, sortedEntries } from "./rules";
import type { Claim } from "./rules";
import { dhcpRange, subnet4Of } from "../components/service/services";
import type { Problem, Topology } from "./types";

/** An address on an Ethernet: another one may have the same. */
type AddressClaim = Claim & { key: string; address: bigint; ethernet: string };

function claimOf(ethernet: string, address: bigint, path: string, got: unknown): AddressClaim {
  return { path, got, ethernet, address, key: keyOf(ethernet, address) };
}

function keyOf(ethernet: string, address: bigint): string {
  return `${ethernet} ${address}`;
}

export function checkTaken(topology: Topology): Problem[] {
  const all = assignments(topology);
  const networks = hostNetworks(topology);
  const claim = ({ ethernet, address, path, got }: HostNetwork) => claimOf(ethernet, address, path, got);
  const bridges = networks.filter(({ segment }) => segment === undefined).map(claim);
  const written = all.flatMap(({ computed, path, got, address, attachment }): AddressClaim[] =>
    computed || address === undefined ? [] : [claimOf(attachment.name, address, path, got)],
  );
  const claims = [...networks.map(claim), ...written];
  return [
    ...repeated(claims, "This address", "Give it an address of its own."),
    ...checkLent(topology, [...bridges, ...written]),
    ...checkComputed(all, claims),
  ];
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
      .filter((one) => one.ethernet === name && contains(subnet, one.address) && contains(range, one.address))
      .map(({ path, got }) => ({ path, got, message, cure }));
  });
}

/** A computed address never gives way by itself: it would then depend on who else is there. */
function checkComputed(all: readonly Assignment[], claims: readonly AddressClaim[]): Problem[] {
  const owners = new Map([...claims].reverse().map(({ key, path }) => [key, path]));
  const taken = new Map<string, Set<bigint>>();
  const take = (ethernet: string, address: bigint | undefined) => {
    const here = taken.get(ethernet) ?? new Set();
    if (address !== undefined) taken.set(ethernet, here.add(address));
    return here;
  };
  for (const { ethernet, address } of claims) take(ethernet, address);
  for (const { attachment, address } of all) take(attachment.name, address);
  return all
    .filter(({ computed }) => computed)
    .flatMap((one) => {
      const { address, path, got, attachment } = one;
      if (address === undefined) return [crowded(one)];
      const key = keyOf(attachment.name, address);
      const owner = owners.get(key);
      if (owner === undefined) {
        owners.set(key, path);
        return [];
      }
      const free = nearestFree(one, address, take(attachment.name, address));
      take(attachment.name, free);
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
