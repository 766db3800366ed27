import { createHash } from "node:crypto";
import { addressNumber, addressText, contains, networksIn } from "../../plan/addresses";
import type {
  ChainPlan,
  CheckFacts,
  CheckPlan,
  HostPlan,
  ImpairmentPlan,
  VxlanPortPlan,
} from "../../plan/lab-plan";
import type { ResolvedLab, ResolvedSegment } from "../../plan/resolved";
import type { PlannedGround } from "../../plan/section";
import { placesOf } from "./resolve";
import type { ResolvedCheck } from "./resolved";

/** What checks are planned from: the rest of the plan. */
type Laid = PlannedGround;

/** Sorted by name. */
export function planChecks({ checks }: Pick<ResolvedLab, "checks">, laid: Laid): CheckPlan[] {
  return checks.map((check): CheckPlan => {
    const { name, from, address, target, kind, port, path, atLeast, reach, within } = check;
    const far = crossed(check, laid);
    return {
      ...{ name, host: from.host, from: from.name, to: addressText(address) },
      ...(target === undefined ? {} : { target: target.name }),
      kind,
      ...(port === undefined ? {} : { port }),
      ...(path === undefined ? {} : { path }),
      ...(atLeast === undefined ? {} : { atLeast }),
      ...{ reach, within },
      crosses: {
        digest: digestOf(far),
        hosts: far.hosts.map((host) => host.name),
        containers: far.containers.map((box) => box.name),
      },
    };
  });
}

/** Everything between the two ends, and the ends: when this changes, the check runs again. */
type Crossed = Laid;

/**
 * Within one segment: its ports on the hosts of the two ends, the chain between the ends, and the impairments there. Otherwise everything,
 * since the plan does not follow routes.
 */
function crossed(check: ResolvedCheck, laid: Laid): Crossed {
  const { from, address, target } = check;
  const segment = placesOf(from)
    .map((place) => place.segment)
    .find((one) => networksIn(one).some((network) => contains(network, address)));
  if (segment === undefined) return laid;
  const there = target === undefined ? hostsWith(addressText(address), segment, laid) : [target.host];
  const chains = (laid.chains ?? []).filter(
    (chain) => chain.segment === segment.name && isBetween(chain, check),
  );
  const hops = chains.flatMap((chain) => chain.hops);
  const hosts = withHub([from.host, ...there], segment, laid.hosts);
  for (const { host } of hops) hosts.add(host);
  const names = new Set([
    from.name,
    ...(target === undefined ? [] : [target.name]),
    ...hops.map(({ name }) => name),
  ]);
  return {
    ...laid,
    chains,
    impairments: impairmentsOn(laid.impairments ?? [], segment, { hosts, names }),
    hosts: laid.hosts
      .filter(({ name }) => hosts.has(name))
      .map((host) => narrowed(host, segment, hosts, laid)),
    containers: laid.containers.filter(({ name }) => names.has(name)),
    services: laid.services.filter((service) => service.segment === segment.name),
  };
}

/** A chain applies between its two ends in both directions. */
function isBetween({ hops }: ChainPlan, { from, address, target }: ResolvedCheck): boolean {
  const ends = [hops[0], hops.at(-1)];
  const other = ends.find((end) => end?.name !== from.name);
  if (other === undefined || !ends.some((end) => end?.name === from.name)) return false;
  return other.name === target?.name || other.addresses.includes(addressText(address));
}

/** Those between two hosts on the way, and of containers there. */
function impairmentsOn(
  impairments: readonly ImpairmentPlan[],
  { name }: ResolvedSegment,
  { hosts, names }: { hosts: ReadonlySet<string>; names: ReadonlySet<string> },
): ImpairmentPlan[] {
  return impairments.filter(
    ({ segment, places }) =>
      (segment === undefined || segment === name) &&
      places.some(({ host, remote, port }) =>
        remote === undefined
          ? port !== undefined && names.has(port.container)
          : hosts.has(host) && hosts.has(remote.host),
      ),
  );
}

/** Hosts that may answer for an address: its owner's, or all of the segment if the owner is unknown. */
function hostsWith(
  address: string,
  segment: ResolvedSegment,
  { containers, services, hosts }: Laid,
): string[] {
  const is = (list: readonly string[]) => list.some((one) => one.split("/")[0] === address);
  const boxes = containers.filter(({ interfaces }) =>
    interfaces.some((nic) => is(nic.addresses) || nic.trunk.some((tagged) => is(tagged.addresses))),
  );
  const owners = [
    ...boxes.map(({ host }) => host),
    ...services.filter((service) => is(service.addresses)).map(({ host }) => host),
    ...hosts
      .filter(({ bridge }) => bridge.address !== undefined && is([bridge.address]))
      .map(({ name }) => name),
  ];
  return owners.length > 0 ? owners : [...segment.names];
}

/** If two hosts have no tunnel to each other, the hosts that they have tunnels to are between them (a hub). */
function withHub(ends: readonly string[], segment: ResolvedSegment, hosts: readonly HostPlan[]): Set<string> {
  const all = new Set(ends);
  for (const host of hosts.filter(({ name }) => ends.includes(name))) {
    const remotes =
      host.ports.find((port) => port.segment === segment.name)?.remotes.map((one) => one.host) ?? [];
    if (ends.some((end) => end !== host.name && !remotes.includes(end)))
      for (const far of remotes) all.add(far);
  }
  return all;
}

/** A host with that one port, reduced to the tunnels and stations between the two ends. */
function narrowed(
  host: HostPlan,
  { name }: ResolvedSegment,
  hosts: ReadonlySet<string>,
  laid: Laid,
): HostPlan {
  const vteps = new Set(
    laid.hosts.filter((one) => hosts.has(one.name)).map(({ address }) => addressNumber(address)),
  );
  const isOnTheWay = (address: string) => vteps.has(addressNumber(address));
  const ports = host.ports
    .filter((port) => port.segment === name)
    .map((port): VxlanPortPlan => ({
      ...port,
      remotes: port.remotes.filter(({ address }) => isOnTheWay(address)),
      ...(port.stations === undefined
        ? {}
        : { stations: port.stations.filter(({ vtep }) => isOnTheWay(vtep)) }),
    }));
  return { ...host, ports };
}

/** Containers are not part of it: the digests of their steps are added later, since an archive's content is not in the plan. */
function digestOf(crossed: Crossed): string {
  const way = JSON.stringify({ ...crossed, containers: undefined });
  return createHash("sha256").update(way).digest("hex").slice(0, 16);
}

/** A check for readers of the lab, without `crosses`, which is only used to run it again. */
export function factsOf(check: CheckPlan): CheckFacts {
  const { name, host, from, to, target, kind, port, path, atLeast, reach, within } = check;
  return {
    ...{ name, host, from, to },
    ...(target === undefined ? {} : { target }),
    kind,
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path }),
    ...(atLeast === undefined ? {} : { atLeast }),
    ...{ reach, within },
  };
}
