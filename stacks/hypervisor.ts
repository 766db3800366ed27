/** Which libvirt, and what it can do. */
import { accessSync, constants, readFileSync } from "node:fs";
import { Accel } from "../plan/types";

/** The hand's choice, then the setting, then the system's libvirt. */
export function chooseUri(setting: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  return environment["VXLAB_LIBVIRT_URI"] || setting || "qemu:///system";
}

/** What "auto" (the default) means: KVM on another machine, whose processor we cannot look at; here only when it truly works. */
export function chooseAccel(setting: "auto" | Accel | undefined, uri: string): Accel {
  if (setting !== undefined && setting !== "auto") return setting;
  return isLocal(uri) && !kvmWorks() ? Accel.Emulated : Accel.Kvm;
}

function isLocal(uri: string): boolean {
  return /^qemu(\+unix)?:\/\/\//.test(uri);
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
