/** Every default of a topology, each in this one place. */
import { IpFamily, maxOverlayMtu } from "./mtu";
import { ImageKind, UnderlayMode } from "./types";
import type { ContainerSpec, HostSpec, SegmentSpec, Topology } from "./types";

const MEMORY: Readonly<Record<ImageKind, number>> = { [ImageKind.Golden]: 256, [ImageKind.Cloud]: 1024 };

/** 4789 is VXLAN's own (RFC 7348 section 8); Linux' vxlan devices default to 8472, which is older. */
const UDP_PORT = 4789;

export function underlayOf(topology: Topology): { cidr: string; mtu: number; mode: UnderlayMode } {
  const { cidr = "192.168.10.0/24", mtu = 1500, mode = UnderlayMode.Isolated } = topology.underlay;
  return { cidr, mtu, mode };
}

export function imageKindOf(topology: Topology): ImageKind {
  return topology.image.kind ?? ImageKind.Golden;
}

export function bridgeNameOf(host: HostSpec): string {
  return host.bridge ?? "vxbr";
}

export function memoryOf(host: HostSpec, kind: ImageKind): number {
  return host.memory ?? MEMORY[kind];
}

export function vcpusOf(host: HostSpec): number {
  return host.vcpus ?? 1;
}

export function udpPortOf(segment: SegmentSpec): number {
  return segment.udpPort ?? UDP_PORT;
}

/** The largest MTU of a lab's segments: its tunnels run over IPv4. */
export function segmentMtuLimit(topology: Topology): number {
  return maxOverlayMtu(underlayOf(topology).mtu, IpFamily.V4);
}

export function segmentMtuOf(topology: Topology, segment: SegmentSpec): number {
  return segment.mtu ?? segmentMtuLimit(topology);
}

/** The segment a container names, or the only one there is; undefined when that leaves a choice. */
export function segmentNameOf(topology: Topology, container: ContainerSpec): string | undefined {
  if (container.segment !== undefined) return container.segment;
  const names = Object.keys(topology.segments);
  return names.length === 1 ? names[0] : undefined;
}

export function commandOf(container: ContainerSpec): string[] {
  return [...(container.command ?? ["/sbin/init"])];
}
