/** The checks of a plan, and what waits for them. */
import * as pulumi from "@pulumi/pulumi";
import type { CheckPlan, LabPlan } from "../../plan/types";
import { ConnectivityKind } from "../connectivity/spec";
import { Connectivity } from "../connectivity/component";
import { machineId, stepDigest } from "../guest-step";
import { child } from "../naming";
import type { LabParts, TargetHost } from "./parts";

type Declared = Omit<LabParts, "hosts" | "checks">;

/** Declares the checks: each runs when everything else of the lab is as declared. */
export function declareChecks(
  name: string,
  { checks }: LabPlan,
  labId: pulumi.Input<string>,
  hosts: readonly TargetHost[],
  parent: pulumi.Resource,
  declared: Declared,
): Record<string, Connectivity> {
  const dependsOn = checks.length === 0 ? [] : everything(declared);
  const before: pulumi.Resource[] = [];
  const entries = measuredLast(checks).flatMap((check) => {
    const host = hosts.find(({ plan }) => plan.name === check.host)?.host;
    if (host === undefined) return [];
    const { name: own, host: hostName, ...rest } = check;
    const args = {
      ...rest,
      host: host.connection,
      hostName,
      labId,
      check: own,
      crosses: crossed(check, hosts, declared),
    };
    // What measures a rate does so alone.
    const first = check.kind === ConnectivityKind.Throughput ? before : [];
    const opts = { parent, ...host.inside, dependsOn: [...dependsOn, ...first] };
    const made = new Connectivity(child(name, `check-${own}`), args, opts);
    before.push(made);
    return [[own, made] as const];
  });
  return Object.fromEntries(entries);
}

function measuredLast(checks: readonly CheckPlan[]): CheckPlan[] {
  const rank = ({ kind }: CheckPlan) => Number(kind === ConnectivityKind.Throughput);
  return [...checks].sort((a, b) => rank(a) - rank(b));
}

function everything({ bridges, segments, containers }: Declared): pulumi.Resource[] {
  const ports = Object.values(segments).flatMap((one) => [
    ...Object.values(one.ports),
    ...(one.service === undefined ? [] : [one.service]),
  ]);
  return [...Object.values(bridges), ...ports, ...Object.values(containers)];
}

/** What makes it run again: the plan of its way, other machines on it, what the containers at it are given. */
function crossed(
  { crosses: { digest, ...way } }: CheckPlan,
  hosts: readonly TargetHost[],
  { containers }: Declared,
): pulumi.Input<string>[] {
  const machines = hosts
    .filter(({ plan }) => way.hosts.includes(plan.name))
    .flatMap(({ host }) => machineId(host.inside) ?? []);
  const steps = way.containers.flatMap((one) => {
    const container = containers[one];
    return container === undefined ? [] : (stepDigest(container) ?? []);
  });
  return [digest, ...machines, ...steps];
}

/** A value that is known once every check has passed. */
export function afterChecks<T>(
  value: pulumi.Output<T>,
  checks: Record<string, Connectivity>,
): pulumi.Output<T> {
  const seen = Object.values(checks).map((check) => check.seen);
  return seen.length === 0 ? value : pulumi.all([value, pulumi.all(seen)]).apply(([known]) => known as T);
}
