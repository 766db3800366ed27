/** Assigns what the guest tools have found changed on a host to checks: of a service to the service's, everything else to the host's. */
import type { Verdict } from "./check";
import type { DriftFacts, HostFacts } from "./evidence/facts";

export const UNSEEN: Verdict = { ok: false, got: "not reported by the host" };

/** A service, identified as on its host. */
export interface ServiceRef {
  lab: string;
  device: string;
}

/** Without findings about services, and about other labs. */
export function hostDrift(lab: string, services: readonly string[], facts: HostFacts): DriftFacts[] {
  const own = (facts.drift ?? []).filter((line) => line.lab === undefined || line.lab === lab);
  return own.filter((line) => !services.some((device) => isService(line, device, facts)));
}

/** The guest tools' findings about NAT and DHCP of one service. */
export function serviceDrift({ lab, device }: ServiceRef, facts: HostFacts): Verdict {
  if (facts.drift === undefined) return unasked(facts);
  const own = facts.drift.filter((line) => line.lab === lab);
  const found = own.filter((line) => isService(line, device, facts));
  return { ok: found.length === 0, got: driftText(found) };
}

/** Tools of an earlier vxlab have no such verb. */
export function unasked({ trouble }: HostFacts): Verdict {
  const words = trouble.get("drift");
  if (words === undefined) return UNSEEN;
  const old = /usage:|not found/.test(words);
  const got = old
    ? "the host has the guest tools of another vxlab: run ./vxlab up"
    : `cannot be asked: ${words}`;
  return { ok: false, got };
}

/** The verdict on this service's NAT and DHCP. */
function isService({ of, lab, step }: DriftFacts, device: string, { kept = [] }: HostFacts): boolean {
  const own = kept.some(
    (file) => file.kind === "service" && file.key === device && file.step === step && file.lab === lab,
  );
  return own && ["nat", "dhcp"].includes(of);
}

export function driftText(found: readonly DriftFacts[]): string {
  return found.map((line) => line.found).join("; ");
}
