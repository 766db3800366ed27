/** The hosts of a plan: machine or existing host, bridge, a port for each segment. */
import { addressText } from "../../plan/addresses";
import * as defaults from "../../plan/defaults";
import { groupOf } from "../segment/group";
import { untaggedSegment } from "./networks";
import { computedMac, MacKind, normalMac } from "../../plan/mac";
import { participants, remotesOf } from "../segment/mesh";
import { maxOverlayMtu } from "../../plan/mtu";
import { checked } from "../../plan/must";
import { planExisting } from "./plan-existing";
import type { Load } from "./plan-existing";
import { readAddress } from "../../plan/read-address";
import { sortedEntries } from "../../plan/rules";
import { stationsOf } from "../segment/stations";
import type { KnownStation } from "../segment/stations";
import { Flooding } from "../../plan/types";
import type { BridgePlan, ContainerPlan, HostPlan, HostSpec } from "../../plan/types";
import type { SegmentSpec, ServicePlan, Topology, VxlanPortPlan } from "../../plan/types";
import { labFamily, segmentMtuLimit, underlayAt, underlaysOf, writtenUnderlays } from "../underlay/underlays";
import type { Underlay } from "../underlay/underlays";

/** A segment with what all its ports have in common. */
interface Fabric {
  name: string;
  spec: SegmentSpec;
  shared: Omit<VxlanPortPlan, "protected" | "remotes" | "stations">;
  members: { name: string; address: string }[];
  /** With Flooding.Flow. */
  stations?: KnownStation[];
}

export function planHosts(
  topology: Topology,
  lab: string,
  containers: readonly ContainerPlan[],
  services: readonly ServicePlan[],
): HostPlan[] {
  const bridges = new Map(
    sortedEntries(topology.hosts).map(([name, host]) => [name, planBridge(topology, lab, name, host)]),
  );
  const known = { bridges, containers, services };
  const fabrics = sortedEntries(topology.segments)
    .sort(([, a], [, b]) => a.vni - b.vni)
    .map(([name, spec]) => planFabric(topology, name, spec, known));
  const underlays = underlaysOf(topology);
  return sortedEntries(topology.hosts).map(([name, host]) => {
    const ports = fabrics.flatMap((fabric) => planPort(fabric, name));
    const here = (one: { host: string }) => one.host === name;
    const guard = defaults.guardOf(host);
    const load = { ports, services: services.filter(here), containers: containers.filter(here), guard };
    return {
      name,
      address: vtepOf(host),
      ...placeOf(topology, underlays, host, load),
      ...machineOf(topology, lab, name, host),
      guard,
      bridge: checked(bridges.get(name)),
      ports,
    };
  });
}

function vtepOf(host: HostSpec): string {
  return addressText(checked(readAddress(host.address).value));
}

function placeOf(
  topology: Topology,
  underlays: readonly Underlay[],
  { address, existing }: HostSpec,
  load: Load,
): Pick<HostPlan, "underlay" | "existing"> {
  if (existing !== undefined) return { existing: planExisting(topology, address, existing, load) };
  return { underlay: checked(underlayAt(underlays, checked(readAddress(address).value))).name };
}

function machineOf(
  topology: Topology,
  lab: string,
  name: string,
  host: HostSpec,
): Pick<HostPlan, "mac" | "memory" | "vcpus"> {
  if (host.existing !== undefined) return { mac: "", memory: 0, vcpus: 0 };
  return {
    mac: normalMac(host.mac ?? computedMac(lab, MacKind.Machine, name)),
    memory: defaults.memoryOf(host, defaults.imageKindOf(topology)),
    vcpus: defaults.vcpusOf(host),
  };
}

function planBridge(topology: Topology, lab: string, name: string, host: HostSpec): BridgePlan {
  return {
    name: defaults.bridgeNameOf(host),
    ...(host.bridgeAddress === undefined ? {} : { address: host.bridgeAddress }),
    mac: computedMac(lab, MacKind.Bridge, name),
    mtu: bridgeMtu(topology, name, host),
  };
}

/** The bridge's own interface is untagged: it is in the untagged segment, or in none. */
function bridgeMtu(topology: Topology, name: string, host: HostSpec): number {
  const untagged = untaggedSegment(topology, name);
  if (untagged !== undefined) return segmentMtu(topology, untagged);
  const own = underlayAt(writtenUnderlays(topology), checked(readAddress(host.address).value));
  return own === undefined ? checked(segmentMtuLimit(topology)) : maxOverlayMtu(own.mtu, labFamily(topology));
}

export function segmentMtu(topology: Topology, segment: SegmentSpec): number {
  return segment.mtu ?? checked(segmentMtuLimit(topology, segment));
}

function planFabric(
  topology: Topology,
  name: string,
  spec: SegmentSpec,
  known: Parameters<typeof stationsOf>[1],
): Fabric {
  const { vni, vlan } = spec;
  const flooding = defaults.floodingOf(spec);
  const members = participants(topology, spec).map((one) => ({ name: one.name, address: vtepOf(one.spec) }));
  const group = checked(groupOf(spec, labFamily(topology)));
  return {
    name,
    spec,
    shared: {
      segment: name,
      vni,
      udpPort: defaults.udpPortOf(spec),
      mtu: segmentMtu(topology, spec),
      ...(vlan === undefined ? {} : { vlan }),
      flooding,
      ...(flooding === Flooding.Multicast ? { group: addressText(group), ttl: defaults.ttlOf(spec) } : {}),
    },
    members,
    ...(flooding === Flooding.Flow ? { stations: stationsOf({ name, vlan, members }, known) } : {}),
  };
}

function planPort({ spec, shared, members, stations }: Fabric, host: string): VxlanPortPlan[] {
  if (!members.some(({ name }) => name === host)) return [];
  const remotes = remotesOf(host, members, spec.hub).map(({ name, address }) => ({ host: name, address }));
  const elsewhere = stations?.filter((station) => station.host !== host);
  return [
    {
      ...shared,
      protected: spec.hub !== host,
      remotes,
      ...(elsewhere === undefined
        ? {}
        : {
            stations: elsewhere.map(({ mac, addresses, vtep }) => ({ mac, addresses: [...addresses], vtep })),
          }),
    },
  ];
}
