/** A machine as a resource of dmacvicar/libvirt 0.8.3. Only this file depends on the form in which that provider reads values back. */
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { Accel } from "../../plan/types";
import type { MachineImageArgs } from "../image/component";
import { IMAGE } from "../image/spec";
import { HOST, MEMORY } from "./spec";

/**
 * A kernel command line in the shape in which the provider reads it back: `key=value` words by key, a new entry where
 * a key comes again, bare words together in the last. Any other shape replaces the machine at every `up`.
 */
export function kernelLine(line: string): Record<string, string>[] {
  const words = line.split(/\s+/).filter((word) => word !== "");
  const entries: Record<string, string>[] = [];
  for (const word of words.filter((w) => w.includes("=")).sort()) {
    const [key, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
    const last = entries.at(-1);
    if (last === undefined || key in last) entries.push({ [key]: value });
    else last[key] = value;
  }
  const bare = words.filter((word) => !word.includes("="));
  return bare.length === 0 ? entries : [...entries, { _: bare.join(" ") }];
}

/**
 * XML that provider 0.8.3 cannot express (libvirt.org/formatdomain.html), for emulated machines:
 * - "Hypervisor features", tcg, tb-cache (libvirt 8.0): the size of QEMU's cache of translated code;
 * - q35, no USB, no memory balloon and no channel for an agent: a tenth of the instructions from the start to SSH (image/README.md). In `machine`
 *   the provider reads the version's own name back, such as pc-q35-7.2, and would replace the machine at every `up`.
 */
export function emulatedXslt(codeCacheMib: number): string {
  return `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes"/>
  <xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>
  <xsl:template match="/domain[@type='qemu']/os/type/@machine"><xsl:attribute name="machine">q35</xsl:attribute></xsl:template>
  <xsl:template match="/domain[@type='qemu']/devices/channel"/>
  <xsl:template match="/domain[@type='qemu']/features">
    <xsl:copy><xsl:apply-templates select="@*|node()"/><tcg><tb-cache unit="MiB">${codeCacheMib}</tb-cache></tcg></xsl:copy>
  </xsl:template>
  <xsl:template match="/domain[@type='qemu']/devices">
    <xsl:copy><xsl:apply-templates select="@*|node()"/><controller type="usb" model="none"/><memballoon model="none"/></xsl:copy>
  </xsl:template>
</xsl:stylesheet>
`;
}

/**
 * What a machine is, apart from what it boots.
 *
 * @example
 * ```ts
 * const shape: Pick<MachineShape, "memory" | "vcpus"> = { memory: 512, vcpus: 2 };
 * ```
 */
export interface MachineShape {
  /** Id of the libvirt network (`UnderlayNetwork.networkId`). */
  networkId: pulumi.Input<string>;
  /** Memory, MiB. @default 256 */
  memory?: pulumi.Input<number>;
  /** Virtual CPUs. @default 1 */
  vcpus?: pulumi.Input<number>;
  /** What executes the machine's instructions. @default KVM where it works on this machine, else QEMU's emulation */
  accel?: pulumi.Input<Accel>;
  /**
   * QEMU's cache of translated code when it emulates, MiB; needs xsltproc where Pulumi runs. QEMU empties a full cache completely; a large
   * one makes a reboot take minutes. @default QEMU's own: up to 1024
   */
  codeCache?: number;
}

/** The other values of a domain, all of them set. */
export interface DomainParts {
  /** Name in libvirt. */
  name: pulumi.Input<string>;
  mac: pulumi.Input<string>;
  accel: pulumi.Input<Accel>;
  image: pulumi.Input<MachineImageArgs>;
  /** Volume of the root disk. */
  root: pulumi.Input<string>;
  /** Volume of the seed disk. */
  seed: pulumi.Input<string>;
}

export function domainArgs(shape: MachineShape, parts: DomainParts): libvirt.DomainArgs {
  const image = pulumi.output(parts.image);
  const accel = pulumi.output(parts.accel);
  return {
    name: parts.name,
    type: accel,
    // Started with its hypervisor; a restarted libvirtd does not start it (virDriverShouldAutostart: once for each boot).
    autostart: true,
    memory: shape.memory ?? MEMORY[IMAGE.kind.default].default,
    vcpu: shape.vcpus ?? HOST.vcpus.default,
    cpu: { mode: accel.apply((a) => (a === Accel.Kvm ? "host-passthrough" : "maximum")) },
    kernel: image.kernel,
    initrd: image.initrd,
    cmdlines: image.apply(({ cmdline }) => kernelLine(cmdline ?? "")),
    disks: [{ volumeId: parts.root }, { volumeId: parts.seed }],
    networkInterfaces: [
      { networkId: shape.networkId, mac: pulumi.output(parts.mac).apply((mac) => mac.toUpperCase()) },
    ],
    consoles: [{ type: "pty", targetType: "serial", targetPort: "0" }],
    graphics: { type: "vnc", listenType: "socket" },
    video: { type: "none" },
    ...(shape.codeCache === undefined ? {} : { xml: { xslt: emulatedXslt(shape.codeCache) } }),
  };
}
