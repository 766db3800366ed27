/** A machine in the words of dmacvicar/libvirt 0.8.3: the one place that knows what that provider reads back. */
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { Accel } from "../plan/types";
import type { KvmHostArgs } from "./kvm-host";
import { libvirtName } from "./naming";

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

export function domainArgs(
  host: string,
  args: KvmHostArgs,
  root: pulumi.Input<string>,
  seed: pulumi.Input<string>,
): libvirt.DomainArgs {
  const image = pulumi.output(args.image);
  const accel = pulumi.output(args.accel).apply((a) => a ?? Accel.Kvm);
  return {
    name: libvirtName(args.labId, host),
    type: accel,
    memory: args.memory ?? 256,
    vcpu: args.vcpus ?? 1,
    cpu: { mode: accel.apply((a) => (a === Accel.Kvm ? "host-passthrough" : "maximum")) },
    kernel: image.kernel,
    initrd: image.initrd,
    cmdlines: image.apply(({ cmdline }) => kernelLine(cmdline ?? "")),
    disks: [{ volumeId: root }, { volumeId: seed }],
    networkInterfaces: [
      { networkId: args.networkId, mac: pulumi.output(args.mac).apply((m) => m.toUpperCase()) },
    ],
    consoles: [{ type: "pty", targetType: "serial", targetPort: "0" }],
    graphics: { type: "vnc", listenType: "socket" },
    video: { type: "none" },
  };
}
