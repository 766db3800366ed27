/**
 * Who pings whom in a segment. All pairs of n containers are n(n-1) pings, which takes minutes for a hundred. So the containers
 * form a ring, and each pings its nearest on either side: up to five containers that is every pair; beyond that the number grows with n.
 */
import { addressNumber, contains } from "../plan/addresses";
import type { LabOutput } from "../plan/contract";
import { readInterface } from "../plan/read-address";
import type { ContainerPlan } from "../plan/types";
import { taggedName } from "../plan/names";

/** One interface of a container, or one VLAN of its trunk: what sends and answers. */
export interface End {
  /** The container's. */
  name: string;
  host: string;
  /** The interface's name inside: eth0, eth1.20. */
  nic: string;
  segment: string;
  mac: string;
  /** That are known beforehand, with prefix length, IPv4 first. */
  addresses: string[];
  /** It has an IPv4 address from DHCP, which is not known beforehand. */
  dhcp: boolean;
  mtu: number;
}

export function endsOf({ name, host, interfaces }: ContainerPlan): End[] {
  return interfaces.flatMap(({ name: nic, segment, mac, addresses, dhcp, mtu, trunk }) => [
    ...(segment === undefined ? [] : [{ name, host, nic, segment, mac, addresses, dhcp, mtu }]),
    ...trunk.map(({ vlan, ...tagged }) => ({
      name,
      host,
      nic: taggedName(nic, vlan),
      mac,
      ...tagged,
      dhcp: false,
    })),
  ]);
}

/** The ends of each segment, in the segments' order by name. */
export function segmentsOf({ containers }: LabOutput): End[][] {
  const ends = containers.flatMap(endsOf);
  const names = [...new Set(ends.map(({ segment }) => segment))].sort();
  return names.map((name) => ends.filter(({ segment }) => segment === name));
}

/** How many pairs of a segment ping each other, and how many could, both ways counted. */
export function pairCounts(lab: LabOutput): { pinged: number; all: number } {
  const count = (all: boolean) => segmentsOf(lab).reduce((sum, ends) => sum + pingPairs(ends, all).length, 0);
  return { pinged: count(false), all: count(true) };
}

export interface Pair {
  from: End;
  to: End;
}

/** Neighbours on each side of the ring that a container pings. */
export const REACH = 2;

/** Sorted by name, but alternating between hosts, so that neighbours are on different hosts if possible. */
export function ringOf(containers: readonly End[]): End[] {
  const turns = new Map<string, number>();
  const ranked = containers.map((container) => {
    const turn = turns.get(container.host) ?? 0;
    turns.set(container.host, turn + 1);
    return { container, turn };
  });
  // Array.sort is stable: within a turn the order by name stays.
  return ranked.sort((a, b) => a.turn - b.turn).map(({ container }) => container);
}

/**
 * The pings of a segment, both ways, to addresses that are known.
 *
 * @param all every container pings every other
 */
export function pingPairs(ends: readonly End[], all = false): Pair[] {
  const ring = ringOf(ends.filter(hasAddress));
  const others = (index: number) =>
    all ? ring.filter((_, place) => place !== index) : neighbours(ring, index);
  const pairs = ring.flatMap((from, index) => others(index).map((to) => ({ from, to })));
  return pairs.filter(({ from, to }) => commonAddresses(from, to).length > 0);
}

function hasAddress({ addresses, dhcp }: End): boolean {
  return dhcp || addresses.length > 0;
}

/** The addresses of `to` that `from` has one of the same family to ask from, without prefix length. */
export function commonAddresses(from: End, to: End): string[] {
  const families = new Set([...from.addresses.map(isIpv6), ...(from.dhcp ? [false] : [])]);
  return to.addresses.filter((address) => families.has(isIpv6(address))).map(bare);
}

export function isIpv6(address: string): boolean {
  return address.includes(":");
}

/** One pair for each container, towards another host when a neighbour is there: for checks that need only one ping for each container. */
export function farPairs(
  ends: readonly End[],
  isWanted: (from: End, to: End) => boolean = () => true,
): Pair[] {
  const ring = ringOf(ends.filter(hasAddress));
  return ring.flatMap((from, index) => {
    const near = neighbours(ring, index).filter(
      (to) => commonAddresses(from, to).length > 0 && isWanted(from, to),
    );
    const to = near.find(({ host }) => host !== from.host) ?? near[0];
    return to === undefined ? [] : [{ from, to }];
  });
}

function neighbours(ring: readonly End[], index: number): End[] {
  const places = Array.from({ length: REACH }, (_, i) => [index + i + 1, index - i - 1]).flat();
  const wrapped = places.map((place) => (place + ring.length * REACH) % ring.length);
  const others = [...new Set(wrapped)].filter((place) => place !== index);
  return others.flatMap((place) => ring[place] ?? []);
}

/** Who may answer in a segment beside its containers. */
export interface OwnAddresses {
  /** Of hosts: services and bridges, with prefix length. */
  taken: readonly string[];
  /** Without prefix length, both ends lent as well. */
  lent: readonly { first: string; last: string }[];
  /** Hosts of peers are in it, whose containers are unknown here. */
  open: boolean;
}

const NONE: OwnAddresses = { taken: [], lent: [], open: false };

/**
 * Pairs that must not reach each other: each container, and one of the segment that follows its own. Segments may have
 * the same subnet, so an address that a container of the own segment has, or may have, is left out: an answer would prove nothing.
 */
export function strangers(
  segments: readonly (readonly End[])[],
  ownAddresses: (segment: string) => OwnAddresses = () => NONE,
): Pair[] {
  const nonEmpty = segments.filter((containers) => containers.length > 0);
  if (nonEmpty.length < 2) return [];
  return nonEmpty.flatMap((own, index) => {
    const next = nonEmpty[(index + 1) % nonEmpty.length] ?? [];
    return own.flatMap((from) => strangerOf(from, own, next, ownAddresses(from.segment)));
  });
}

function strangerOf(from: End, own: readonly End[], next: readonly End[], others: OwnAddresses): Pair[] {
  const taken = new Set([...own.flatMap(({ addresses }) => addresses), ...others.taken].map(bare));
  // A container that is in both segments is not isolated from either.
  if (next.some(({ name }) => name === from.name)) return [];
  const here = new Set(own.map(({ name }) => name));
  const answers = (address: string) =>
    taken.has(address) || others.lent.some((range) => isBetween(address, range)) || mayBeOurs(address);
  const subnets = own.flatMap(({ addresses }) =>
    addresses.flatMap((one) => readInterface(one).value?.subnet ?? []),
  );
  const mayBeOurs = (address: string) =>
    others.open && subnets.some((subnet) => contains(subnet, addressNumber(address)));
  const strange = next.filter(
    (end) => end.addresses.length > 0 && !answers(ipOf(end)) && !here.has(end.name),
  );
  // On the same host nothing but the bridge keeps them apart, so that is where a leak shows first.
  const to = strange.find(({ host }) => host === from.host) ?? strange[0];
  return to === undefined ? [] : [{ from, to }];
}

function isBetween(address: string, { first, last }: { first: string; last: string }): boolean {
  return contains({ first: addressNumber(first), last: addressNumber(last) }, addressNumber(address));
}

/** An end's first address without its prefix length. */
export function ipOf({ addresses: [first = ""] }: Pick<End, "addresses">): string {
  return bare(first);
}

function bare(address: string): string {
  return address.split("/")[0] ?? address;
}
