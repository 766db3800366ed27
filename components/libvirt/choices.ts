/** Defaults that depend on the machine where Pulumi runs: the libvirt, and whether KVM works. */
import { accessSync, constants, readFileSync } from "node:fs";
import { TopologyError } from "../../plan/errors";
import { isLocal } from "../../plan/libvirt-uri";
import { Accel } from "../../plan/types";
import { checkUri } from "../underlay/resolve";
import { isThere } from "./programs";

/**
 * Environment variable, then config, then the system libvirt.
 *
 * @throws TopologyError when the variable holds no URI that vxlab can use
 */
export function chooseUri(setting: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment[VARIABLE] || undefined;
  const problems = checkUri(VARIABLE, given);
  if (problems.length > 0) throw new TopologyError(problems);
  return given ?? (setting || "qemu:///system");
}

const VARIABLE = "VXLAB_LIBVIRT_URI";

/**
 * The default acceleration: KVM on another machine, whose processor cannot be examined from here; on this machine only if KVM works.
 */
export function chooseAccel(setting: Accel | undefined, uri: string): Accel {
  if (setting !== undefined) return setting;
  return isLocal(uri) && !kvmWorks() ? Accel.Emulated : Accel.Kvm;
}

/**
 * MiB. With QEMU's default of 1 GiB, an emulated machine of 256 MiB takes up to 1.4 GiB, and a reboot minutes. The start of a lab needs 210
 * MiB: with less, QEMU empties the cache and translates again, which takes a second.
 */
const CODE_CACHE = 256;

/** Of emulated machines. The provider calls xsltproc to set it; without xsltproc, machines run with QEMU's default. */
export function chooseCodeCache(path?: string): number | undefined {
  return isThere("xsltproc", path) ? CODE_CACHE : undefined;
}

/**
 * Under a paravirtual hypervisor /dev/kvm may exist and hang, so the processor's virtualisation flag counts, not whether /dev/kvm can be
 * opened. A user of libvirt need not have access to it.
 */
export function kvmWorks(cpuinfo = "/proc/cpuinfo", device = "/dev/kvm"): boolean {
  try {
    accessSync(device, constants.F_OK);
    return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync(cpuinfo, "utf8"));
  } catch {
    return false;
  }
}
