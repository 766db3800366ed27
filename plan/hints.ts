import { familyOf, subnetAround } from "./addresses";
import { floodingOf, udpPortOf } from "./defaults";
import { participants } from "../components/segment/mesh";
import { IpFamily } from "./mtu";
import { readAddress } from "./read-address";
import { pathOf, sortedEntries } from "./rules";
import { Flooding, UnderlayMode } from "./types";
import type { Problem, SegmentSpec, Topology } from "./types";
import { underlayAt, underlaysOf, underlaysSpanned } from "../components/underlay/underlays";

/** The default of Linux' own vxlan devices, from before IANA gave VXLAN a port. */
const LINUX_UDP_PORT = 8472;

/** A VTEP of a host outside the lab. */
export interface Remote {
  host: string;
  address: string;
}

/**
 * What works, but may not be what was meant. Takes a topology without problems.
 *
 * @param peers VTEPs of other owners, which every segment without `hosts` reaches
 */
export function labHints(topology: Topology, peers: readonly Remote[] = []): Problem[] {
  const segments = sortedEntries(topology.segments);
  return [
    ...segments.flatMap(([name, segment]) => [
      ...oldPort(name, segment),
      ...routedGroup(topology, name, segment, peers),
      ...translatedGroup(topology, name, segment),
      ...closedGateway(topology, name, segment),
      ...shutOut(topology, segment),
    ]),
    ...(peers.length === 0 ? lonely(topology) : []),
    ...untranslated(topology),
  ];
}

function oldPort(name: string, segment: SegmentSpec): Problem[] {
  if (udpPortOf(segment) !== LINUX_UDP_PORT) return [];
  const path = pathOf("segments", name, "udpPort");
  const message =
    "Is the old default of Linux; a VTEP that uses VXLAN's own port 4789 will not hear this segment.";
  const cure = "Leave it out unless a peer outside the lab needs it.";
  return [{ path, got: LINUX_UDP_PORT, message, cure }];
}

/** libvirt's hosts route between their networks, but forward no multicast. */
function routedGroup(
  topology: Topology,
  name: string,
  segment: SegmentSpec,
  peers: readonly Remote[],
): Problem[] {
  if (floodingOf(segment) !== Flooding.Multicast) return [];
  const own = participants(topology, segment).map((one) => networkOf(topology, one.spec.address));
  const far = segment.hosts === undefined ? peers.map(({ address }) => networkOf(topology, address)) : [];
  const [first, second] = new Set([...own, ...far]);
  if (second === undefined) return [];
  const path = pathOf("segments", name, "flooding");
  const message = `Its VTEPs are on several networks, such as ${first} and ${second}: a group gets across where routers forward multicast.`;
  const cure = "Write flooding: unicast or flow, unless they do.";
  return [{ path, got: segment.flooding, message, cure }];
}

/** libvirt excludes only 224.0.0.0/24 from its NAT (network/network_iptables.c). The embedded libvirt sets the sysctl by itself. */
function translatedGroup(topology: Topology, name: string, segment: SegmentSpec): Problem[] {
  if (floodingOf(segment) !== Flooding.Multicast || participants(topology, segment).length < 2) return [];
  const nat = underlaysSpanned(topology, segment).find(({ mode }) => mode === UnderlayMode.Nat);
  if (nat === undefined) return [];
  const message =
    "On a hypervisor with br_netfilter (Docker loads it), libvirt's NAT changes the source of packets to a group, and the other VTEPs drop them.";
  const cure = `Write ${nat.path}.mode: routed, or run sysctl -w net.bridge.bridge-nf-call-iptables=0 on the hypervisor; the embedded libvirt needs neither.`;
  return [{ path: pathOf("segments", name, "flooding"), got: segment.flooding, message, cure }];
}

/** Of a VTEP outside the lab's underlays, the network is unknown: LANs are mostly /24, and /64 (RFC 4291 section 2.5.1). */
function networkOf(topology: Topology, vtep: string): string {
  const { value: address } = readAddress(vtep);
  if (address === undefined) return "";
  const underlay = underlayAt(underlaysOf(topology), address);
  return underlay?.cidr ?? subnetAround(address, familyOf(address) === IpFamily.V4 ? 24 : 64).cidr;
}

/**
 * libvirt translates IPv6 only where the network says `<nat ipv6="yes">` (libvirt.org/formatnetwork.html, since 6.5), for
 * which dmacvicar/libvirt 0.8.3 has no word.
 */
function untranslated(topology: Topology): Problem[] {
  return underlaysOf(topology)
    .filter(({ mode, subnet }) => mode === UnderlayMode.Nat && subnet?.family === IpFamily.V6)
    .map(({ path, spec }) => ({
      path: `${path}.mode`,
      got: spec.mode,
      message:
        "Does not translate IPv6: packets leave with the machines' own addresses, and answers need a route back.",
      cure: "Write mode: routed, and see to the routes (docs/hypervisors.md), or use an IPv4 underlay.",
    }));
}

function closedGateway(topology: Topology, name: string, { gateway }: SegmentSpec): Problem[] {
  if (gateway === undefined) return [];
  const underlay = underlaysOf(topology).find((one) => one.name === underlayName(topology, gateway.host));
  if (underlay === undefined || underlay.mode !== UnderlayMode.Isolated) return [];
  const path = pathOf("segments", name, "gateway");
  const message = `Leads to ${underlay.path} only, which is isolated.`;
  const cure = `Write ${underlay.path}.mode: nat for a way out of the lab.`;
  return [{ path, got: gateway, message, cure }];
}

/** libvirt lets nothing from outside into a network that is isolated or behind NAT (libvirt.org/firewall.html). */
function shutOut(topology: Topology, segment: SegmentSpec): Problem[] {
  const hosts = participants(topology, segment);
  const names = new Set(hosts.map(({ name }) => underlayName(topology, name)));
  const shut = underlaysOf(topology).find(
    ({ name, mode }) => names.has(name) && mode !== UnderlayMode.Routed,
  );
  const stranger = hosts.find(
    ({ name, spec }) => spec.existing !== undefined && underlayName(topology, name) === "",
  );
  if (shut === undefined || stranger === undefined) return [];
  const message = `Is outside ${shut.path}, which is ${shut.mode}: no packet of its gets in there.`;
  const cure = `Write ${shut.path}.mode: routed, and see to the routes (docs/stacks.md).`;
  return [{ path: pathOf("hosts", stranger.name), got: stranger.spec.address, message, cure }];
}

/** "" for a host outside all underlays. */
function underlayName(topology: Topology, host: string): string {
  const address = readAddress(topology.hosts[host]?.address).value;
  return address === undefined ? "" : (underlayAt(underlaysOf(topology), address)?.name ?? "");
}

function lonely(topology: Topology): Problem[] {
  const [name, ...others] = Object.keys(topology.hosts);
  if (name === undefined || others.length > 0 || Object.keys(topology.segments).length === 0) return [];
  const message = "Is the only host, so no segment has a tunnel.";
  return [
    { path: pathOf("hosts", name), got: name, message, cure: "Add a second host to see VXLAN at work." },
  ];
}
