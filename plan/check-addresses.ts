/**
 * Overlay networks that overlap on one host or in one container, which would then have two routes for one address. Segments
 * may have the same subnet as long as no host or container has an address in both: VNIs keep them apart.
 */
import { placesOf } from "../components/container/resolve-nics";
import { hostNetworks } from "../components/host/networks";
import type { HostNetwork } from "../components/host/networks";
import { addressText, contains, memberFault, overlap, prefixed } from "./addresses";
import type { Subnet } from "./addresses";
import { checkTaken } from "./check-taken";
import type { Problem } from "./problem";
import type { Place, ResolvedLab, ResolvedNic } from "./resolved";
import { pathOf } from "./rules";

export function checkAddresses(lab: ResolvedLab): Problem[] {
  const networks = hostNetworks(lab);
  return [
    ...checkTaken(lab),
    ...checkHosts(networks),
    ...networks.flatMap((network) => checkBeside(lab, networks, network)),
    ...checkBridges(networks),
    ...networks.flatMap((network) => checkLogin(lab, network)),
    ...lab.containers.flatMap(({ nics }) => checkContainer(nics)),
  ];
}

/** Two overlapping networks on one host. A bridge and its untagged segment are one Ethernet, so they may have the same network. */
function checkHosts(networks: readonly HostNetwork[]): Problem[] {
  const kept = new Map<string, HostNetwork[]>();
  return networks.flatMap((network) => {
    const here = kept.get(network.host) ?? [];
    kept.set(network.host, [...here, network]);
    const other = here.find((one) => overlap(one.subnet, network.subnet) && !isOne(one, network));
    if (other === undefined) return [];
    const { path, got, subnet, host } = network;
    const message = `${host} would have two overlapping networks: ${subnet.cidr} (${path}) and ${other.subnet.cidr} (${other.path}).`;
    const cure =
      network.segment === undefined
        ? `Write an address outside ${other.subnet.cidr}, or leave it out.`
        : "Write another host for one of the two, or subnets that do not overlap.";
    return [{ path, got, message, cure }];
  });
}

function isOne(a: HostNetwork, b: HostNetwork): boolean {
  return a.ethernet === b.ethernet && a.subnet.cidr === b.subnet.cidr;
}

/** A bridge's address in the network of one of its host's segments is meant to be in that segment, and must be valid there. */
function checkBeside(lab: ResolvedLab, networks: readonly HostNetwork[], bridge: HostNetwork): Problem[] {
  const { host, path, got, subnet, address, ethernet, segment: service } = bridge;
  if (service !== undefined) return [];
  const own = lab.segments.find(({ name }) => name === ethernet);
  if (own?.subnet?.cidr === subnet.cidr) return [];
  const served = new Set(networks.filter((one) => one.host === host).map(({ segment }) => segment));
  return lab.segments
    .flatMap((one) => (one.subnet === undefined ? [] : [{ ...one, subnet: one.subnet }]))
    .filter((one) => !served.has(one.name) && one.names.includes(host) && overlap(one.subnet, subnet))
    .slice(0, 1)
    .map((other) => {
      const tagged =
        other.vlan === undefined ? "" : ", which has a VLAN, while a bridge's own interface is untagged";
      const at = pathOf("segments", other.name, "subnet");
      const message = `Its network ${subnet.cidr} overlaps ${other.subnet.cidr} of ${at}${tagged}.`;
      return { path, got, message, cure: besideCure(other, address) };
    });
}

function besideCure({ subnet, vlan }: { subnet: Subnet; vlan?: number }, address: bigint): string {
  const outside = `an address outside ${subnet.cidr}`;
  const inside = vlan === undefined && memberFault(subnet, address) === undefined;
  return inside ? `Write ${prefixed(address, subnet)}, or ${outside}.` : `Write ${outside}, or leave it out.`;
}

/** Bridges on one Ethernet reach each other directly, so their networks must be equal or must not overlap. */
function checkBridges(networks: readonly HostNetwork[]): Problem[] {
  const kept: HostNetwork[] = [];
  return networks.flatMap((network) => {
    if (network.segment !== undefined) return [];
    const near = kept.filter(({ ethernet }) => ethernet === network.ethernet);
    const { path, got, subnet } = network;
    // One of each network is enough to compare with: 200 bridges in one stay one comparison each.
    if (near.some((one) => one.subnet.cidr === subnet.cidr)) return [];
    const other = near.find((one) => overlap(one.subnet, subnet));
    if (other === undefined) {
      kept.push(network);
      return [];
    }
    const message = `Its network ${subnet.cidr} overlaps ${other.subnet.cidr} of ${other.path}, on the same Ethernet.`;
    const cure = "Write both with one prefix length, or networks that do not overlap.";
    return [{ path, got, message, cure }];
  });
}

/** An existing host sends SSH replies by its routes. If its SSH address is in an overlay network, the replies would go into the overlay. */
function checkLogin({ hosts }: ResolvedLab, { host, path, got, subnet, segment }: HostNetwork): Problem[] {
  const found = hosts.find(({ name }) => name === host);
  if (found?.kind !== "existing" || !contains(subnet, found.reach.sshAddress)) return [];
  const message = `${subnet.cidr} contains the sshAddress ${addressText(found.reach.sshAddress)} of ${host}: its SSH replies would go into the overlay.`;
  const cure =
    segment === undefined
      ? `Write an address outside ${subnet.cidr}, or leave it out.`
      : "Choose another subnet for the segment, or write another host.";
  return [{ path, got, message, cure }];
}

function checkContainer(nics: readonly ResolvedNic[]): Problem[] {
  const places = nics.flatMap((nic) => placesOf(nic).map((place) => ({ place, nic })));
  return places.flatMap((one, index) => {
    // A segment that is named twice is reported as such.
    const before = places.slice(0, index).filter(({ place }) => place.segment !== one.place.segment);
    return meeting(one, before);
  });
}

/** A place, and the interface that it belongs to. */
interface Plugged {
  place: Place;
  nic: ResolvedNic;
}

function meeting({ place, nic }: Plugged, before: readonly Plugged[]): Problem[] {
  const clashes = before.flatMap((other) => {
    const pairs = networksOf({ place, nic }).flatMap((own) =>
      networksOf(other).map((its) => ({ own, its, other })),
    );
    return pairs.filter(({ own, its }) => overlap(own, its));
  });
  const [clash] = clashes;
  if (clash === undefined) return [];
  const { own, its, other } = clash;
  const { path, got, segment } = place;
  const message = `Segment ${segment.name} has ${own.cidr}, which overlaps ${its.cidr} of segment ${other.place.segment.name}, where this container is too.`;
  const none =
    nic.trunk !== undefined && other.nic.trunk !== undefined
      ? ""
      : ", or address: none for one of its interfaces";
  return [{ path, got, message, cure: `Write subnets that do not overlap${none}.` }];
}

/** The networks of a segment that the container has an address in. */
function networksOf({ place: { segment, addresses }, nic }: Plugged): Subnet[] {
  const lent = nic.place !== undefined && nic.dhcp && segment.subnet !== undefined ? [segment.subnet] : [];
  return [...lent, ...addresses.map(({ subnet }) => subnet)];
}
