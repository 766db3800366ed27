import type { HostOutput, LabOutput } from "../../plan/contract";
import type { Check, CheckKind } from "../check";
import { driftText, hostDrift, unasked } from "../drift";
import type { DriftFacts, HostFacts } from "../evidence/facts";
import { servicesOn } from "../things";
import type { Thing, ThingRef } from "../things";

/** What the guest tools find changed on the host, except services, which have their own check. */
export const drift: CheckKind = {
  about: "host",
  of: (lab) => lab.hosts.map((host) => driftCheck(lab, host)),
};

function driftCheck(lab: LabOutput, host: HostOutput): Check {
  const { name } = host;
  const services = servicesOn(lab, host);
  return {
    kind: "drift",
    name: `drift/${name}`,
    host: name,
    expected: "flows, guard and port security as in the desired state",
    where: `./vxlab ssh ${name} -- /usr/lib/vxlab/guest drift`,
    needs: ["kept", "drift"],
    judge(facts) {
      if (facts.drift === undefined) return unasked(facts);
      const found = hostDrift(lab.id, services, facts);
      return found.length === 0 ? { ok: true, got: "no drift" } : { ok: false, got: driftText(found) };
    },
    repairs: (facts) => hostDrift(lab.id, services, facts).flatMap((line) => stepOf(line, facts)),
  };
}

/** The step of the host's bridge sets the guard, and missing flows of port security and of chains. */
const HOME: Readonly<Record<string, Thing["kind"]>> = {
  guard: "bridge",
  security: "bridge",
  chain: "chain",
};

function stepOf({ of, lab, step }: DriftFacts, { kept = [] }: HostFacts): ThingRef[] {
  const file = kept.find((one) => one.step === step && one.lab === lab);
  if (file !== undefined) return [{ kind: file.kind as Thing["kind"], step: file.step }];
  const kind = HOME[of];
  return kind === undefined ? [] : [{ kind }];
}
