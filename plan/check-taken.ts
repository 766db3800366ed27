/** Addresses that two things use: services, bridges and containers, written or computed. */
import { placesOf } from "../components/container/resolve-nics";
import { hostNetworks } from "../components/host/networks";
import type { HostNetwork } from "../components/host/networks";
import { addressText, contains, prefixed } from "./addresses";
import { nearestFree } from "./ipam";
import type { Problem } from "./problem";
import type { AssignedAddress, ResolvedLab, ResolvedSegment } from "./resolved";
import { pathOf, repeated } from "./rules";
import type { Claim } from "./rules";

/** An address on one Ethernet; on another Ethernet the same address is allowed. */
type AddressClaim = Claim & { key: string; address: bigint; ethernet: string };

function claimOf(ethernet: string, address: bigint, path: string, got: unknown): AddressClaim {
  return { path, got, ethernet, address, key: keyOf(ethernet, address) };
}

function keyOf(ethernet: string, address: bigint): string {
  return `${ethernet} ${address}`;
}

/** An address of a container in a segment. */
interface Assignment extends AssignedAddress {
  segment: ResolvedSegment;
  /** On a trunk, where no address can be written. */
  tagged: boolean;
}

/** Sorted by container, interface, family. A second place in the same segment is refused as such. */
function assignments({ containers }: ResolvedLab): Assignment[] {
  return containers.flatMap(({ nics }) => {
    const places = nics.flatMap((nic) => placesOf(nic).map((place) => ({ ...place, nic })));
    return places
      .filter(({ segment }, index) => places.findIndex((one) => one.segment === segment) === index)
      .flatMap(({ segment, addresses, nic }) =>
        addresses.map((one) => ({ ...one, segment, tagged: nic.trunk !== undefined })),
      );
  });
}

export function checkTaken(lab: ResolvedLab): Problem[] {
  const all = assignments(lab);
  const networks = hostNetworks(lab);
  const claim = ({ ethernet, address, path, got }: HostNetwork) => claimOf(ethernet, address, path, got);
  const bridges = networks.filter(({ segment }) => segment === undefined).map(claim);
  const written = all
    .filter(({ computed }) => !computed)
    .map(({ path, got, address, segment }) => claimOf(segment.name, address, path, got));
  const claims = [...networks.map(claim), ...written];
  return [
    ...repeated(claims, "This address", "Give it an address of its own."),
    ...lab.segments.flatMap((segment) => checkLent(segment, [...bridges, ...written])),
    ...checkComputed(all, claims),
  ];
}

/** An address in a DHCP range must not be used for anything else. */
function checkLent({ name, service }: ResolvedSegment, claims: readonly AddressClaim[]): Problem[] {
  if (service?.range === undefined || service.four === undefined) return [];
  const { range } = service;
  const { subnet } = service.four;
  const text = `${addressText(range.first)} to ${addressText(range.last)}`;
  const message = `Is in the DHCP range ${text} of ${pathOf("segments", name, "dhcp")}.`;
  const cure = "Write an address outside the range, or change first and last of the DHCP server.";
  return claims
    .filter((one) => one.ethernet === name && contains(subnet, one.address) && contains(range, one.address))
    .map(({ path, got }) => ({ path, got, message, cure }));
}

/** A computed address that collides is not moved automatically: it would then depend on the lab's other things. */
function checkComputed(all: readonly Assignment[], claims: readonly AddressClaim[]): Problem[] {
  const owners = new Map([...claims].reverse().map(({ key, path }) => [key, path]));
  const taken = new Map<string, Set<bigint>>();
  const take = (ethernet: string, address: bigint | undefined) => {
    const here = taken.get(ethernet) ?? new Set();
    if (address !== undefined) taken.set(ethernet, here.add(address));
    return here;
  };
  for (const { ethernet, address } of claims) take(ethernet, address);
  for (const { segment, address } of all) take(segment.name, address);
  return all
    .filter(({ computed }) => computed)
    .flatMap((one) => {
      const { address, path, got, segment } = one;
      const key = keyOf(segment.name, address);
      const owner = owners.get(key);
      if (owner === undefined) {
        owners.set(key, path);
        return [];
      }
      const free = nearestFree(segment, one.subnet, address, take(segment.name, address));
      take(segment.name, free);
      const message = `The address computed for it, ${addressText(address)}, is already taken by ${owner}.`;
      return [{ path, got, message, cure: cureOf(one, free) }];
    });
}

function cureOf({ tagged, subnet }: Assignment, free: bigint | undefined): string {
  if (free === undefined) return `Choose a larger subnet: ${subnet.cidr} is full.`;
  if (tagged) return `Write ${prefixed(free, subnet)} in addresses, the nearest free address.`;
  return `Write ${prefixed(free, subnet)}, the nearest free address.`;
}
