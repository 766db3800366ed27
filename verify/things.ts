/** What a lab puts on a host, one step for each. */
import { ROUTER } from "../components/router/thing";
import type { HostOutput, LabOutput } from "../plan/contract";
import type { SectionStep } from "../plan/section-types";
import { acrossSections } from "../plan/sections";
import type { ChainPlan, ContainerKind, ImpairmentPlan } from "../plan/types";
import type { KeptFacts } from "./evidence/facts";

export interface Thing {
  kind: "bridge" | "encryption" | "port" | "router" | "service" | "container" | SectionStep["kind"];
  /** What tells it from others of its kind on the host: VNI of a port, device of an encryption or a service, else its name. */
  key: string;
  /** Of a container. */
  container?: ContainerKind;
}

/** A thing that a step puts right; without key and step every one of its kind on the host. */
export interface ThingRef extends Pick<Thing, "kind"> {
  key?: string;
  /** The step's name, where it is known instead of the key. */
  step?: string;
}

/** As people call it: a port's key is its VNI. */
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
  const own = lab.containers.filter((box) => box.host === host.name);
  return [
    { kind: "bridge", key: host.bridge.name },
    ...(host.encryption === undefined ? [] : [encryptionThing(host.encryption)]),
    ...host.ports.map(({ vni }): Thing => ({ kind: "port", key: String(vni) })),
    ...(host.router === undefined ? [] : [{ kind: "router", key: ROUTER } as const]),
    ...servicesOn(lab, host).map((key): Thing => ({ kind: "service", key })),
    ...acrossSections<Thing>((section, name) =>
      lab[name]?.flatMap((one) => section.steps?.(one, host.name) ?? []),
    ),
    ...own.map(({ name, kind }): Thing => ({ kind: "container", key: name, container: kind })),
  ];
}

const encryptionThing = ({ device }: { device: string }): Thing => ({ kind: "encryption", key: device });

/** The name of a host's bridge. */
export function bridgeOn({ hosts }: LabOutput, host: string): string {
  return hosts.find(({ name }) => name === host)?.bridge.name ?? "";
}
