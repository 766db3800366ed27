/** Every default of a topology, each in this one place. */
import type { Nic } from "../components/container/nics";
import { ContainerKind, Flooding, ImageKind, UnderlayMode } from "./types";
import type { Accel, ContainerSpec, HostSpec, SegmentSpec, Topology, UnderlaySpec } from "./types";

const MEMORY: Readonly<Record<ImageKind, number>> = {
  [ImageKind.Golden]: 256,
  [ImageKind.Docker]: 512,
  [ImageKind.Cloud]: 1024,
};

/** 4789 is VXLAN's own (RFC 7348 section 8); Linux' vxlan devices default to 8472, which is older. */
const UDP_PORT = 4789;
/** The kernel's vxlan devices cannot share a UDP port with Open vSwitch's vxlan_sys_4789: "Address already in use". */
const MULTICAST_UDP_PORT = 4790;

/** What a lab's one underlay is called. */
export const UNDERLAY = "underlay";

export interface UnderlaySettings {
  cidr: string;
  mtu: number;
  mode: UnderlayMode;
  libvirtUri?: string;
  accel?: Accel;
}

export function underlaySettings(spec: UnderlaySpec, usualMode: UnderlayMode): UnderlaySettings {
  const { cidr = "192.168.10.0/24", mtu = 1500, mode = usualMode, libvirtUri, accel } = spec;
  return {
    ...{ cidr, mtu, mode },
    ...(libvirtUri === undefined ? {} : { libvirtUri }),
    ...(accel === undefined ? {} : { accel }),
  };
}

/** On an isolated network libvirt keeps dnsmasq from asking anybody (`no-resolv`), on the others it asks for the machines. */
export function nameserversOf(spec: UnderlaySpec, mode: UnderlayMode, gateway: string): string[] {
  return [...(spec.nameservers ?? (mode === UnderlayMode.Isolated ? [] : [gateway]))];
}

export function imageKindOf(topology: Topology): ImageKind {
  return topology.image.kind ?? ImageKind.Golden;
}

export function bridgeNameOf(host: HostSpec): string {
  return host.bridge ?? "vxbr";
}

export function guardOf(host: HostSpec): boolean {
  return host.guard ?? true;
}

export function memoryOf(host: HostSpec, kind: ImageKind): number {
  return host.memory ?? MEMORY[kind];
}

export function vcpusOf(host: HostSpec): number {
  return host.vcpus ?? 1;
}

export function floodingOf(segment: SegmentSpec): Flooding {
  return segment.flooding ?? Flooding.Unicast;
}

export function udpPortOf(segment: SegmentSpec): number {
  return segment.udpPort ?? (floodingOf(segment) === Flooding.Multicast ? MULTICAST_UDP_PORT : UDP_PORT);
}

/** OpenNebula's, for the same device; Linux' own default of 1 dies at the first router. */
export function ttlOf(segment: SegmentSpec): number {
  return segment.ttl ?? 16;
}

/** The only segment there is; undefined when that leaves a choice. */
export function onlySegment(topology: Topology): string | undefined {
  const names = Object.keys(topology.segments);
  return names.length === 1 ? names[0] : undefined;
}

/** The interface's setting, else its container's, else its segment's. */
export function portSecurityOf({ spec, portSecurity }: Nic, segment: SegmentSpec): boolean {
  return [spec.portSecurity, portSecurity, segment.portSecurity].find((one) => one !== undefined) !== false;
}

export function containerKindOf(container: ContainerSpec): ContainerKind {
  return container.kind ?? ContainerKind.Lxc;
}

export function commandOf(container: ContainerSpec): string[] {
  const own = containerKindOf(container) === ContainerKind.Docker ? [] : ["/sbin/init"];
  return [...(container.command ?? own)];
}

/** Of an existing host. */
export const EXISTING = { keyFile: "~/.ssh/id_ed25519", user: "root", port: 22 } as const;
