/** Which things on hosts are at fault, by the checks that look at hosts without sending anything: what a step would put right. Pure. */
import type { Check, Thing } from "./checks";
import type { CheckResult, Evidence } from "./judge";
import { hostDrift } from "./judge-host";
import type { DriftFacts, HostFacts } from "./parse";

/** A thing that has to be applied again. */
export interface Fault extends Pick<Thing, "kind"> {
  host: string;
  /** As in Thing; undefined: every thing of this kind on the host. */
  key?: string;
  /** The step's name, where it is known instead of the key. */
  step?: string;
  /** The verdict. */
  why: string;
}

export function faultsOf(
  checks: readonly Check[],
  results: readonly CheckResult[],
  evidence: Evidence,
): Fault[] {
  const wrong = new Map(results.filter(({ ok }) => !ok).map(({ name, got }) => [name, got]));
  return checks.flatMap((check) => {
    const why = wrong.get(check.name);
    const found = evidence.hosts.get(check.host);
    if (why === undefined || found === undefined || "silent" in found) return [];
    return thingsAtFault(check, found.facts).map((thing) => ({ ...thing, host: check.host, why }));
  });
}

function thingsAtFault(check: Check, facts: HostFacts): Omit<Fault, "host" | "why">[] {
  const { kept = [] } = facts;
  switch (check.kind) {
    case "bridge":
      return [{ kind: "bridge", key: check.bridge.name }];
    case "tunnel":
    case "group":
      return [{ kind: "port", key: String(check.vni) }];
    case "service":
      return [{ kind: "service", key: check.service.device }];
    case "container":
      return [{ kind: "container", key: check.container.name }];
    case "kept":
      return check.things
        .filter(
          ({ kind, key }) =>
            !kept.some((file) => file.lab === check.lab && file.kind === kind && file.key === key),
        )
        .map(({ kind, key }) => ({ kind, key }));
    case "drift":
      return hostDrift(check, facts).flatMap((line) => stepOf(line, kept));
    default:
      return [];
  }
}

/** What is the host's as a whole comes with its bridge. */
const HOME: Readonly<Record<string, Thing["kind"]>> = { guard: "bridge", security: "bridge" };

function stepOf(
  { of, lab, step }: DriftFacts,
  kept: NonNullable<HostFacts["kept"]>,
): Omit<Fault, "host" | "why">[] {
  const file = kept.find((one) => one.step === step && one.lab === lab);
  if (file !== undefined) return [{ kind: file.kind as Thing["kind"], step: file.step }];
  const kind = HOME[of];
  return kind === undefined ? [] : [{ kind }];
}
