/** Makes the names of all resources, and of all things in libvirt. */
import * as pulumi from "@pulumi/pulumi";

/** Type token of a component: `vxlab:index:<Class>`, the only module a component package may have. */
export const token = (className: string): string => `vxlab:index:${className}`;

/** Name of a child resource. */
export const child = (parent: string, part: string): string => `${parent}-${part}`;

/** Makes the computed MAC addresses of stacks differ, since stacks can share a segment. */
export const stackIdentity = (): string =>
  [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");

/** Name of a thing in libvirt. Whatever carries the lab's id is the lab's, nothing else is (orphans.ts). */
export function libvirtName(labId: pulumi.Input<string>, part: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.interpolate`vxlab-${labId}-${part}`;
}

/** The lab's id in a name that `libvirtName` made of it and `part`; undefined in any other name. */
export function labIdIn(name: string, part: string): string | undefined {
  return name.startsWith("vxlab-") && name.endsWith(`-${part}`)
    ? name.slice("vxlab-".length, -part.length - 1)
    : undefined;
}

/** Matches what `libvirtName` makes. */
export const LIBVIRT_NAME = /^vxlab-[0-9a-f]{4,}-[A-Za-z0-9_.-]+$/;
