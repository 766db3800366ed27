/** What a lab puts on a host, one step for each. */
import { THINGS } from "../guest/things";
import type { StepKind } from "../guest/things";
import type { HostOutput, LabOutput } from "../plan/contract";
import { acrossSections } from "../plan/sections";
import type { ChainPlan, ImpairmentPlan } from "../plan/types";
import type { KeptFacts } from "./evidence/facts";

export interface Thing {
  kind: StepKind;
  /** What distinguishes it from others of its kind on the host (plan/thing.ts). */
  key: string;
}

/** A thing that a step repairs; without key and step, all things of its kind on the host. */
export interface ThingRef extends Pick<Thing, "kind"> {
  key?: string;
  /** The step's name, where it is known instead of the key. */
  step?: string;
}

/** Its name in texts: a port's key is its VNI. */
export function thingText({ kind, key }: Pick<KeptFacts, "kind" | "key">): string {
  return kind === "port" ? `port of VNI ${key}` : `${kind} ${key}`;
}

export function isThing(thing: Thing, file: KeptFacts): boolean {
  return thing.kind === file.kind && thing.key === file.key;
}

export function servicesOn({ services }: LabOutput, { name }: HostOutput): string[] {
  return services.filter(({ host }) => host === name).map(({ device }) => device);
}

export function impairmentsOn({ impairments = [] }: LabOutput, { name }: HostOutput): ImpairmentPlan[] {
  return impairments.filter(({ places }) => places.some(({ host }) => host === name));
}

/** The chains that have a hop on this host. */
export function chainsOn({ chains = [] }: LabOutput, { name }: Pick<HostOutput, "name">): ChainPlan[] {
  return chains.filter(({ hops }) => hops.some(({ host }) => host === name));
}

/** In the order in which a reboot starts them. */
export function thingsOn(lab: LabOutput, host: HostOutput): Thing[] {
  const steps = acrossSections<Thing>((section, name) =>
    lab[name]?.flatMap((one) => section.steps?.(one, host.name) ?? []),
  );
  return Object.entries(THINGS).flatMap(([kind, { on }]) => [
    ...(on?.(lab, host) ?? []).map((key) => ({ kind: kind as StepKind, key })),
    ...steps.filter((step) => step.kind === kind),
  ]);
}

/** That host, or none. */
export function hostsNamed({ hosts }: LabOutput, host: string): HostOutput[] {
  return hosts.filter(({ name }) => name === host);
}
