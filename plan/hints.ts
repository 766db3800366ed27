import { floodingOf, udpPortOf } from "./defaults";
import { participants } from "./mesh";
import { readAddress } from "./read-address";
import { pathOf, sortedEntries } from "./rules";
import { Flooding, UnderlayMode } from "./types";
import type { Problem, SegmentSpec, Topology } from "./types";
import { underlayAt, underlaysOf } from "./underlays";

/** The default of Linux' own vxlan devices, from before IANA gave VXLAN a port. */
const LINUX_UDP_PORT = 8472;

/** What works, but may not be what was meant. Takes a topology without problems. */
export function labHints(topology: Topology): Problem[] {
  const segments = sortedEntries(topology.segments);
  return [
    ...segments.flatMap(([name, segment]) => [
      ...oldPort(name, segment),
      ...routedGroup(topology, name, segment),
      ...closedGateway(topology, name, segment),
      ...shutOut(topology, segment),
    ]),
    ...lonely(topology),
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
function routedGroup(topology: Topology, name: string, segment: SegmentSpec): Problem[] {
  if (floodingOf(segment) !== Flooding.Multicast) return [];
  const networks = new Set(participants(topology, segment).map((one) => underlayName(topology, one.name)));
  if (networks.size < 2) return [];
  const path = pathOf("segments", name, "flooding");
  const message = "Its hosts are on several networks: a group gets across where routers forward multicast.";
  const cure = "Write flooding: unicast or flow, unless they do.";
  return [{ path, got: segment.flooding, message, cure }];
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
