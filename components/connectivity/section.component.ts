import type * as pulumi from "@pulumi/pulumi";
import type { CheckPlan, LabPlan } from "../../plan/types";
import { machineId, stepDigest } from "../guest-step";
import { child } from "../naming";
import type { GroundParts, TargetHost } from "../lab/parts";
import type { DeclaredGround, DeclaredSection } from "../lab/section";
import { Connectivity } from "./component";
import { ConnectivityKind } from "./spec";

/** Declares the section `checks`: each check runs when everything else of the lab is deployed. */
export const checks: DeclaredSection<Record<string, Connectivity>> = {
  follows: () => () => true,
  declare: declareChecks,
  proved: (parts) => Object.values(parts).map((check) => check.seen),
};

function declareChecks(
  name: string,
  plan: LabPlan,
  { labId, hosts, parts, sections, parent }: DeclaredGround,
): Record<string, Connectivity> {
  const dependsOn = plan.checks.length === 0 ? [] : [...everything(parts), ...sections];
  const before: pulumi.Resource[] = [];
  const entries = measuredLast(plan.checks).flatMap((check) => {
    const host = hosts.find((one) => one.plan.name === check.host)?.host;
    if (host === undefined) return [];
    const { name: own, host: hostName, ...rest } = check;
    const args = {
      ...rest,
      host: host.connection,
      hostName,
      labId,
      check: own,
      crosses: crossed(check, hosts, parts),
    };
    // A check that measures a rate runs alone.
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

function everything({ bridges, segments, containers }: GroundParts): pulumi.Resource[] {
  const ports = Object.values(segments).flatMap((one) => [
    ...Object.values(one.ports),
    ...(one.service === undefined ? [] : [one.service]),
    ...Object.values(one.gateways ?? {}),
  ]);
  return [...Object.values(bridges), ...ports, ...Object.values(containers)];
}

/** What makes it run again: changes of the plan between its ends, other machines there, and changes of its containers' steps. */
function crossed(
  { crosses: { digest, ...way } }: CheckPlan,
  hosts: readonly TargetHost[],
  { containers }: GroundParts,
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
