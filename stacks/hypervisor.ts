/** Which libvirt, and what it can do. */
import { accessSync, constants, readFileSync } from "node:fs";
import { isThere } from "../components/libvirt/programs";
import { checkUri } from "../components/underlay/resolve";
import { TopologyError } from "../plan/errors";
import { isLocal } from "../plan/libvirt-uri";
import { Accel } from "../plan/types";
import type { Topology, UnderlaySpec } from "../plan/types";

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

/** What "auto" (the default) means: KVM on another machine, whose processor we cannot look at; here only when it truly works. */
export function chooseAccel(setting: "auto" | Accel | undefined, uri: string): Accel {
  if (setting !== undefined && setting !== "auto") return setting;
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

/** Underlays on hypervisors of their own say what these do; written choices stay. */
export function withAccel(topology: Topology, setting: "auto" | Accel | undefined): Topology {
  const { underlays } = topology;
  if (underlays === undefined) return topology;
  const own = Object.entries(underlays).map(([name, spec]): [string, UnderlaySpec] => {
    const { libvirtUri } = spec;
    const chosen = libvirtUri === undefined ? {} : { accel: chooseAccel(setting, libvirtUri) };
    return [name, { ...chosen, ...spec }];
  });
  return { ...topology, underlays: Object.fromEntries(own) };
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
