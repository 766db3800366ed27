import { addressText, gatewayOf, readSubnet } from "./addresses";
import type { Subnet } from "./addresses";
import { checkLab } from "./check";
import * as defaults from "./defaults";
import { TopologyError } from "./errors";
import { computedMac, MacKind, normalMac } from "./mac";
import { participants, remotesOf } from "./mesh";
import { IpFamily } from "./mtu";
import { vethName } from "./names";
import { sortedEntries } from "./rules";
import { ContainerKind, Flooding } from "./types";
import type { BridgePlan, ContainerPlan, ContainerSpec, HostPlan, HostSpec } from "./types";
import type { ImageSpec, LabPlan, SegmentSpec, Topology, UnderlayPlan, VxlanPortPlan } from "./types";

/** What makes the computed addresses of one lab differ from another's. */
export interface LabIdentity {
  /** A name that stays the same for the lab's whole life, such as `project/stack`. */
  lab: string;
}

/**
 * Decides the whole lab. Same input, same plan; whatever is computed for a thing depends on that thing alone.
 *
 * @throws TopologyError with everything that is wrong
 */
export function planLab(topology: Topology, { lab }: LabIdentity): LabPlan {
  const problems = checkLab(topology, lab);
  if (problems.length > 0) throw new TopologyError(problems);
  return {
    family: IpFamily.V4,
    underlays: [planUnderlay(topology)],
    image: planImage(topology.image, topology),
    hosts: planHosts(topology, lab),
    containers: sortedEntries(topology.containers).map(([name, spec]) =>
      planContainer(topology, lab, name, spec),
    ),
    services: [],
  };
}

function planUnderlay(topology: Topology): UnderlayPlan {
  const { cidr, mtu, mode } = defaults.underlayOf(topology);
  const subnet = checked<Subnet>(readSubnet(cidr).value);
  return {
    name: "underlay",
    cidr,
    prefix: subnet.prefix,
    gateway: addressText(gatewayOf(subnet)),
    mtu,
    mode,
  };
}

function planImage({ path }: ImageSpec, topology: Topology): LabPlan["image"] {
  return { kind: defaults.imageKindOf(topology), ...(path === undefined ? {} : { path }) };
}

function planHosts(topology: Topology, lab: string): HostPlan[] {
  const everyone = participants(topology);
  const segments = sortedEntries(topology.segments).sort(([, a], [, b]) => a.vni - b.vni);
  const kind = defaults.imageKindOf(topology);
  return sortedEntries(topology.hosts).map(([name, host]) => ({
    name,
    address: host.address,
    underlay: "underlay",
    mac: normalMac(host.mac ?? computedMac(lab, MacKind.Machine, name)),
    memory: defaults.memoryOf(host, kind),
    vcpus: defaults.vcpusOf(host),
    bridge: planBridge(topology, lab, name, host),
    ports: segments.map(([segment, spec]) => planPort(topology, segment, spec, remotesOf(name, everyone))),
  }));
}

function planBridge(topology: Topology, lab: string, hostName: string, host: HostSpec): BridgePlan {
  // The bridge's own interface is untagged: it is in the untagged segment, or in none.
  const untagged = Object.values(topology.segments).find(({ vlan }) => vlan === undefined);
  return {
    name: defaults.bridgeNameOf(host),
    ...(host.bridgeAddress === undefined ? {} : { address: host.bridgeAddress }),
    mac: computedMac(lab, MacKind.Bridge, hostName),
    mtu: untagged ? defaults.segmentMtuOf(topology, untagged) : defaults.segmentMtuLimit(topology),
  };
}

function planPort(
  topology: Topology,
  segment: string,
  spec: SegmentSpec,
  remotes: VxlanPortPlan["remotes"],
): VxlanPortPlan {
  const { vni, vlan } = spec;
  return {
    segment,
    vni,
    udpPort: defaults.udpPortOf(spec),
    mtu: defaults.segmentMtuOf(topology, spec),
    ...(vlan === undefined ? {} : { vlan }),
    flooding: Flooding.Unicast,
    protected: true,
    remotes,
  };
}

function planContainer(topology: Topology, lab: string, name: string, spec: ContainerSpec): ContainerPlan {
  const segmentName = checked(defaults.segmentNameOf(topology, spec));
  const segment = checked(topology.segments[segmentName]);
  return {
    name,
    host: spec.host,
    kind: ContainerKind.Lxc,
    command: defaults.commandOf(spec),
    interfaces: [
      {
        name: "eth0",
        segment: segmentName,
        addresses: [checked(spec.address)],
        dhcp: false,
        mac: normalMac(spec.mac ?? computedMac(lab, MacKind.Container, name)),
        mtu: defaults.segmentMtuOf(topology, segment),
        veth: vethName(name),
        ...(segment.vlan === undefined ? {} : { vlan: segment.vlan }),
        trunk: [],
      },
    ],
  };
}

/** What checkLab has made sure of. */
function checked<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("plan: checkLab let an incomplete topology pass");
  return value;
}
