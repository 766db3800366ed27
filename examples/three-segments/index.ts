/**
 * Three segments. Each has a router, its host's gateway, which also lends addresses, and a container on every host. One container is in
 * all three by a trunk.
 */
import { ContainerSpec, HostSpec, SegmentSpec, UnderlayMode, VxlanLab } from "vxlab";

/** Each segment's VNI is its VLAN on the bridges as well: only one segment of a host can be untagged. */
const SEGMENTS = { red: 100, green: 200, blue: 300 };

const hosts: Record<string, HostSpec> = {};
const segments: Record<string, SegmentSpec> = {};
const containers: Record<string, ContainerSpec> = {};

Object.entries(SEGMENTS).forEach(([segment, number], index) => {
  const router = `r${index + 1}`;
  hosts[router] = { address: `192.168.40.${11 + index}` };
  segments[segment] = {
    vni: number,
    vlan: number,
    subnet: `10.0.${index + 1}.0/24`,
    gateway: { host: router },
    dhcp: { host: router },
  };
});

for (const segment of Object.keys(segments))
  for (const host of Object.keys(hosts))
    containers[`${segment}-${host}`] = { host, interfaces: [{ segment, address: "dhcp" }] };

containers["probe"] = { host: "r1", interfaces: [{ trunk: Object.keys(segments) }] };

export const { lab } = new VxlanLab("lab", {
  topology: {
    underlay: { cidr: "192.168.40.0/24", mode: UnderlayMode.Nat },
    hosts,
    segments,
    containers,
  },
});
