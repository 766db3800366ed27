/**
 * Networks of the overlay that meet on one host or in one container, which then has two routes for one address. Segments
 * may have the same subnet as long as nobody has an address in both: that is what VNIs are for.
 */
import { addressText, contains, memberFault, overlap, prefixed } from "./addresses";
import type { Subnet } from "./addresses";
import { checkTaken } from "./check-taken";
import { hostNetworks } from "../components/host/networks";
import type { HostNetwork } from "../components/host/networks";
import { NO_ADDRESS, subnet6Of } from "./ipam";
import { takesPart } from "../components/segment/mesh";
import { attachmentsOf, nicsOfContainer } from "../components/container/nics";
import type { Attachment } from "../components/container/nics";
import { readAddress } from "./read-address";
import { pathOf, sortedEntries } from "./rules";
import { subnet4Of } from "../components/service/services";
import type { Problem, SegmentSpec, Topology } from "./types";

export function checkAddresses(topology: Topology): Problem[] {
  const networks = hostNetworks(topology);
  return [
    ...checkTaken(topology),
    ...checkHosts(networks),
    ...networks.flatMap((network) => checkBeside(topology, networks, network)),
    ...checkBridges(networks),
    ...networks.flatMap((network) => checkLogin(topology, network)),
    ...checkContainers(topology),
  ];
}

/** What a host is put into twice. A bridge and its untagged segment are one Ethernet, so they may have one network. */
function checkHosts(networks: readonly HostNetwork[]): Problem[] {
  const kept = new Map<string, HostNetwork[]>();
  return networks.flatMap((network) => {
    const here = kept.get(network.host) ?? [];
    kept.set(network.host, [...here, network]);
    const other = here.find((one) => overlap(one.subnet, network.subnet) && !isOne(one, network));
    if (other === undefined) return [];
    const { path, got, subnet, host } = network;
    const message = `Puts ${host} into ${subnet.cidr}, which overlaps ${other.subnet.cidr}, where ${other.path} puts it.`;
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

/** A bridge's address in the network of a segment of its host means to be in that segment, and must be what it takes. */
function checkBeside(topology: Topology, networks: readonly HostNetwork[], bridge: HostNetwork): Problem[] {
  const { host, path, got, subnet, address, ethernet, segment: service } = bridge;
  if (service !== undefined) return [];
  const own = topology.segments[ethernet];
  if (own !== undefined && subnet4Of(own)?.cidr === subnet.cidr) return [];
  const served = new Set(networks.filter((one) => one.host === host).map(({ segment }) => segment));
  return sortedEntries(topology.segments)
    .filter(([name, segment]) => !served.has(name) && takesPart(topology, segment, host))
    .flatMap(([name, segment]): Problem[] => {
      const other = subnet4Of(segment);
      if (other === undefined || !overlap(other, subnet)) return [];
      const tagged =
        segment.vlan === undefined ? "" : ", which has a VLAN, while a bridge's own interface is untagged";
      const at = pathOf("segments", name, "subnet");
      const message = `Its network ${subnet.cidr} overlaps ${other.cidr} of ${at}${tagged}.`;
      return [{ path, got, message, cure: besideCure(other, address, segment) }];
    })
    .slice(0, 1);
}

function besideCure(other: Subnet, address: bigint, { vlan }: SegmentSpec): string {
  const outside = `an address outside ${other.cidr}`;
  const inside = vlan === undefined && memberFault(other, address) === undefined;
  return inside ? `Write ${prefixed(address, other)}, or ${outside}.` : `Write ${outside}, or leave it out.`;
}

/** Bridges of one Ethernet reach each other directly, so their networks are equal or apart. */
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

/** An existing host answers SSH by the route to whoever asks, and an address of the own network is asked from there. */
function checkLogin(topology: Topology, { host, path, got, subnet, segment }: HostNetwork): Problem[] {
  const sshAddress: unknown = topology.hosts[host]?.existing?.sshAddress;
  const { value } = readAddress(sshAddress);
  if (value === undefined || !contains(subnet, value)) return [];
  const message = `Puts ${host} into ${subnet.cidr}, which holds its own sshAddress ${addressText(value)}: answers to SSH would go into the overlay.`;
  const cure =
    segment === undefined
      ? `Write an address outside ${subnet.cidr}, or leave it out.`
      : "Choose another subnet for the segment, or write another host.";
  return [{ path, got, message, cure }];
}

function checkContainers(topology: Topology): Problem[] {
  return sortedEntries(topology.containers).flatMap(([name, container]) => {
    const places = nicsOfContainer(name, container).flatMap((nic) => attachmentsOf(topology, nic));
    return places.flatMap((place, index) => {
      // A segment that is named twice is reported as such.
      const before = places.slice(0, index).filter((one) => one.name !== place.name);
      return meeting(place, before);
    });
  });
}

function meeting(place: Attachment, before: readonly Attachment[]): Problem[] {
  const clashes = before.flatMap((other) => {
    const pairs = networksOf(place).flatMap((own) => networksOf(other).map((its) => ({ own, its, other })));
    return pairs.filter(({ own, its }) => overlap(own, its));
  });
  const [clash] = clashes;
  if (clash === undefined) return [];
  const { own, its, other } = clash;
  const { path, got, name, tagged } = place;
  const message = `Segment ${name} has ${own.cidr}, which overlaps ${its.cidr} of segment ${other.name}, where this container is too.`;
  const none = tagged && other.tagged ? "" : ", or address: none for one of its interfaces";
  return [{ path, got, message, cure: `Write subnets that do not overlap${none}.` }];
}

/** The networks of a segment that the container has an address in. */
function networksOf({ segment, nic: { spec }, tagged }: Attachment): Subnet[] {
  const has = (address: unknown) => tagged || address !== NO_ADDRESS;
  const subnets = [
    has(spec.address) ? subnet4Of(segment) : undefined,
    has(spec.address6) ? subnet6Of(segment) : undefined,
  ];
  return subnets.flatMap((subnet) => subnet ?? []);
}
