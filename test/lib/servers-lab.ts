/** The settings of a lab on two hypervisors, a machine on each. */
import { expect } from "vitest";
import type { Project } from "./project";
import type { Servers } from "./servers";

/** A network on each, and the address of the machine on it. */
const V4 = { near: ["192.168.10.0/24", "192.168.10.11"], far: ["192.168.20.0/24", "192.168.20.11"] } as const;
export const V6 = { near: ["fd00:10::/64", "fd00:10::11"], far: ["fd00:20::/64", "fd00:20::11"] } as const;

/** Of IPv6 alone. */
export const WHITE = { white: { vni: 200, vlan: 20, subnet6: "fd00:4::/64" } };
export const WHITE_ENDS = { w1: { host: "h1", segment: "white" }, w2: { host: "h2", segment: "white" } };

/** The overlay has both families, whatever the underlay's. */
const RED = { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64" };

export interface Overlay {
  /** @default those of IPv4 */
  underlays?: typeof V4 | typeof V6;
  /** More settings of the segment red. */
  red?: object;
  segments?: object;
  containers?: object;
}

/** Each server knows the way to the other's networks. */
export async function routed(servers: Servers): Promise<void> {
  for (const { near, far } of [V4, V6]) await servers.route(near[0], far[0]);
}

/** @param farUri of the second hypervisor */
export function configureServers(
  project: Project,
  servers: Servers,
  farUri: string,
  { underlays: { near, far } = V4, red = {}, segments = {}, containers = {} }: Overlay = {},
): void {
  project.configure({
    accel: "qemu",
    underlay: {},
    underlays: {
      near: { cidr: near[0], libvirtUri: servers.nearUri },
      far: { cidr: far[0], libvirtUri: farUri },
    },
    hosts: { h1: { address: near[1] }, h2: { address: far[1] } },
    segments: { red: { ...RED, ...red }, ...segments },
    containers: {
      c1: { host: "h1", segment: "red", address: "10.0.3.10/24", address6: "fd00:3::10/64" },
      c2: { host: "h2", segment: "red", address: "10.0.3.11/24", address6: "fd00:3::11/64" },
      ...containers,
    },
  });
}

/** @param said what `up` or `verify` printed */
export function expectOverIpv6(said: string): void {
  for (const check of [
    "ping/c1/c2",
    "ping6/c1/c2",
    "ping6/c2/c1",
    "mtu/c1/c2/1430",
    "mtu/c1/c2/1431",
    "wire/c1/c2",
  ])
    expect(said).toContain(`  ok    ${check} `);
  expect(said).toContain("fd00:10::11 > fd00:20::11 UDP 4789 VNI 100");
}
