/**
 * The overlay of one owner, planned: bridges, ports and containers on the hosts of its own underlay stack, with the hosts
 * of other owners' underlay stacks as remote VTEPs and nothing more.
 */
import { literalFamily } from "./addresses";
import { ipv6Only } from "../components/service/check";
import { vtepClash } from "../components/underlay/check";
import { checkInterfaceNames } from "./check-unique";
import { closedBy } from "../components/guard/closed";
import { TopologyError } from "./errors";
import { labHints } from "./hints";
import { subnet6Of } from "./ipam";
import { IpFamily } from "./mtu";
import { checkOverlayHosts, mapping, overlayHostOf, underlayKeyHints } from "./overlay-hosts";
import { planLab } from "./plan";
import { readInterface } from "./read-address";
import { compareText, pathOf, repeated, sortedEntries, suggest } from "./rules";
import type { Claim } from "./rules";
import { readTopology } from "./schema";
import { subnet4Of } from "../components/service/services";
import { Flooding } from "./types";
import type { LabPlan, Problem, ServicePlan, Topology, VxlanPortPlan } from "./types";
import { EXISTING_MACHINE } from "./vteps";
import type { VtepOutput, VtepsOutput } from "./vteps";

/** An underlay stack that was found, and what it tells. */
export interface Underlay {
  /** Its name, as it is written in the settings. */
  stack: string;
  vteps: VtepsOutput;
}

export interface OverlayInput {
  own: Underlay;
  peers: readonly Underlay[];
  /** The settings `hosts` (of which `bridge`, `bridgeAddress` and `guard` count), `segments` and `containers`, of any type. */
  sections: Readonly<Record<string, unknown>>;
  /** Stays the same for the overlay's whole life and differs from every peer's: MAC addresses are computed from it. */
  identity: string;
}

/**
 * Decides the whole overlay. Its hosts are the own underlay's, as hosts that exist already; a peer's are in the `remotes`
 * alone, by the name `stack/host`.
 *
 * @throws TopologyError with everything that is wrong
 */
export function planOverlay(input: OverlayInput): LabPlan {
  const { topology, problems } = readTopology(overlaySections(input));
  const all = [
    ...checkOverlayHosts(input.sections["hosts"]),
    ...strangers(input),
    ...problems,
    ...checkVteps(input),
    ...checkSegments(topology, input.peers),
    ...checkNetworks(topology, input.peers),
    ...checkGateways(topology, input.own),
  ];
  if (all.length > 0) throw new TopologyError(all);
  const plan = planLab(topology, { lab: input.identity });
  // Of the own hosts' names nothing is left to say.
  const taken = checkInterfaceNames(topology, addressesOf(input.peers));
  if (taken.length > 0) throw new TopologyError(taken);
  const widened = withPeers(plan, topology, input.peers);
  return { ...widened, services: closedServices(widened.services, [input.own, ...input.peers]) };
}

/** What works in an overlay, but may not be what was meant. Takes what `planOverlay` takes without problems. */
export function overlayHints(input: OverlayInput): Problem[] {
  const { own, peers, sections } = input;
  const { topology } = readTopology(overlaySections(input));
  return [
    ...underlayKeyHints(sections["hosts"], own.stack, own.vteps.hosts),
    ...labHints(topology, farVteps(peers)),
  ];
}

/** The largest packet that every VTEP can take, bytes: the smallest of the own underlay's and the peers'. */
export function sharedMtu(underlays: readonly Underlay[]): number {
  return Math.min(...underlays.flatMap(({ vteps }) => Object.values(vteps.hosts).map(({ mtu }) => mtu)));
}

/** The settings as of a lab whose hosts exist already. What a machine is made of is the underlay's business. */
function overlaySections({ own, peers, sections }: OverlayInput): Record<string, unknown> {
  const hosts = sortedEntries(own.vteps.hosts).map(([name, vtep]) => {
    const bridge = overlayHostOf(sections["hosts"], name);
    return [name, { ...bridge, address: vtep.address, existing: reach(vtep) }];
  });
  return {
    underlay: { mtu: sharedMtu([own, ...peers]) },
    hosts: Object.fromEntries(hosts) as unknown,
    segments: sections["segments"],
    containers: sections["containers"],
  };
}

function reach({ ssh, hostKey }: VtepOutput) {
  return { sshAddress: ssh.address, port: ssh.port, user: ssh.user, hostKey };
}

/** Hosts in the settings that the own underlay does not have. */
function strangers({ own, sections }: OverlayInput): Problem[] {
  const known = Object.keys(own.vteps.hosts).sort(compareText);
  return sortedEntries(mapping(sections["hosts"]))
    .filter(([name]) => !known.includes(name))
    .map(([name, got]) => ({
      path: pathOf("hosts", name),
      got,
      message: `Is not a host of the underlay stack ${own.stack}.`,
      cure: `${suggest(name, known, "host")} (Pulumi.yaml's hosts hold where the stack's file has none: write hosts: {}.)`,
    }));
}

/** One address twice would be a tunnel to oneself, or two to one host. */
function checkVteps({ own, peers }: OverlayInput): Problem[] {
  const everyone: Claim[] = [own, ...peers].flatMap(({ stack, vteps }) =>
    sortedEntries(vteps.hosts).map(([name, { address }]) => ({
      path: `${stack}/${name}`,
      got: address,
      key: address,
    })),
  );
  const family = literalFamily(String(everyone[0]?.got));
  const mixed = everyone.filter(({ got }) => literalFamily(String(got)) !== family);
  return [
    ...repeated(everyone, "This VTEP", "Give each host of all these stacks an underlay address of its own."),
    ...mixed.map(({ path, got }) => ({
      path,
      got,
      message: `Is of another IP family than ${everyone[0]?.path}, ${String(everyone[0]?.got)}.`,
      cure: "Use underlays of one family.",
    })),
  ];
}

/** What needs to know more of a peer than its VTEPs. */
function checkSegments(topology: Topology, peers: readonly Underlay[]): Problem[] {
  if (peers.length === 0) return [];
  return sortedEntries(topology.segments)
    .filter(([, segment]) => segment.hosts === undefined)
    .flatMap(([name, { flooding, hub }]) => [
      ...(flooding === Flooding.Flow ? [alone(name, "flooding", flooding, "knows every container")] : []),
      ...(hub === undefined ? [] : [alone(name, "hub", hub, "has one hub")]),
    ]);
}

function alone(segment: string, key: string, got: unknown, why: string): Problem {
  return {
    path: pathOf("segments", segment, key),
    got,
    message: `Such a segment ${why}, and of a peer only the VTEPs are known.`,
    cure: `Leave ${key} out, or keep the segment to own hosts by writing segments.${segment}.hosts.`,
  };
}

/** In the spelling of a plan. */
function addressesOf(peers: readonly Underlay[]): string[] {
  return farVteps(peers).map(({ address }) => address);
}

function farVteps(peers: readonly Underlay[]): { host: string; address: string }[] {
  return peers.flatMap(({ stack, vteps }) =>
    sortedEntries(vteps.hosts).map(([host, { address }]) => ({ host: `${stack}/${host}`, address })),
  );
}

/** A peer's VTEPs are kept out of the overlay's networks, as the own ones are. */
function checkNetworks(topology: Topology, peers: readonly Underlay[]): Problem[] {
  const vteps = farVteps(peers).map(({ host, address }) => [host, address] as const);
  const segments = sortedEntries(topology.segments).flatMap(([name, segment]) => [
    { path: pathOf("segments", name, "subnet"), got: segment.subnet, subnet: subnet4Of(segment) },
    { path: pathOf("segments", name, "subnet6"), got: segment.subnet6, subnet: subnet6Of(segment) },
  ]);
  const bridges = sortedEntries(topology.hosts).map(([name, { bridgeAddress: got }]) => ({
    path: pathOf("hosts", name, "bridgeAddress"),
    got,
    subnet: readInterface(got, IpFamily.V4).value?.subnet,
  }));
  return [...segments, ...bridges].flatMap(({ path, got, subnet }) =>
    subnet === undefined ? [] : vtepClash(path, got, subnet, vteps),
  );
}

/** Machines of the own underlay, which the plan takes for hosts that exist already. */
function checkGateways(topology: Topology, { vteps }: Underlay): Problem[] {
  return sortedEntries(topology.segments).flatMap(([name, { gateway }]) => {
    const host = gateway === undefined ? undefined : vteps.hosts[gateway.host];
    if (gateway === undefined || host === undefined) return [];
    const only6 = host.machine !== EXISTING_MACHINE && literalFamily(host.address) === IpFamily.V6;
    return only6 ? [ipv6Only(pathOf("segments", name, "gateway"), gateway)] : [];
  });
}

/** Segments with `hosts` are kept to these; all others reach every peer's hosts. */
function withPeers(plan: LabPlan, topology: Topology, peers: readonly Underlay[]): LabPlan {
  const far = farVteps(peers);
  const open = (port: VxlanPortPlan): boolean => topology.segments[port.segment]?.hosts === undefined;
  const widened = (port: VxlanPortPlan): VxlanPortPlan =>
    open(port) ? { ...port, remotes: [...port.remotes, ...far].sort(byHost) } : port;
  return { ...plan, hosts: plan.hosts.map((host) => ({ ...host, ports: host.ports.map(widened) })) };
}

/** No gateway leads to the underlays and hosts of any of the owners. */
function closedServices(services: readonly ServicePlan[], underlays: readonly Underlay[]): ServicePlan[] {
  const closed = closedBy(
    underlays.flatMap(({ vteps }) => vteps.networks ?? []),
    underlays.flatMap(({ vteps }) =>
      sortedEntries(vteps.hosts).flatMap(([, { address, ssh }]) => [address, ssh.address]),
    ),
  );
  return services.map((service) => (service.nat ? { ...service, closed } : service));
}

function byHost(a: { host: string }, b: { host: string }): number {
  return compareText(a.host, b.host);
}
