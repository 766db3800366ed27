/** Which libvirt, and what it can do: what the machine where Pulumi runs decides when a program does not. */
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
 * What executes machines that nobody has chosen it for: KVM on another machine, whose processor we cannot look at; on this
 * one only where KVM works.
 */
export function chooseAccel(setting: Accel | undefined, uri: string): Accel {
  if (setting !== undefined) return setting;
  return isLocal(uri) && !kvmWorks() ? Accel.Emulated : Accel.Kvm;
}

/**
 * MiB. With QEMU's own gigabyte an emulated machine of 256 MiB takes up to 1.4 GiB, and a reboot minutes. The start of a lab
 * fills 210: with less all is dropped and translated once more, which takes a second.
 */
const CODE_CACHE = 256;

/** Of emulated machines. The provider calls xsltproc for it; without, machines run all the same. */
export function chooseCodeCache(path?: string): number | undefined {
  return isThere("xsltproc", path) ? CODE_CACHE : undefined;
}

/**
 * Under a paravirtual hypervisor /dev/kvm is there and hangs: without the processor's own virtualisation it is of no
 * use, whoever may open it. A user of libvirt need not have access to it.
 */
export function kvmWorks(cpuinfo = "/proc/cpuinfo", device = "/dev/kvm"): boolean {
  try {
    accessSync(device, constants.F_OK);
    return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync(cpuinfo, "utf8"));
  } catch {
    return false;
  }
}
