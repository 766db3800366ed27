/** The chains of a lab. */
import * as pulumi from "@pulumi/pulumi";
import type { ChainPlan, HopPlan, LabPlan } from "../../plan/types";
import type { OvsBridge } from "../bridge/component";
import { GATEWAY } from "./spec";
import type { HostConnectionArgs } from "../guest-step";
import { setContext } from "../host/context.component";
import type { HostContext } from "../host/context.component";
import { child } from "../naming";
import { ServiceChain } from "./component";
import type { ChainHopArgs } from "./component";

export interface DeclaredChain {
  chain: ServiceChain;
  /** Containers at its ends, which start when it leads: before, they would reach each other directly. */
  ends: string[];
}

/** Containers that run before packets are led to them: middle boxes. One that is an end of another chain would wait for itself. */
export function boxesFirst({ chains }: LabPlan): Set<string> {
  const ends = new Set(chains.flatMap(endsOf));
  return new Set(
    chains.flatMap(({ hops }) => hops.map(({ name }) => name)).filter((name) => !ends.has(name)),
  );
}

const endsOf = ({ hops }: ChainPlan): string[] =>
  [hops[0], hops.at(-1)].flatMap((end) => (end === undefined ? [] : [end.name]));

interface Around {
  labId: pulumi.Input<string>;
  hosts: readonly { plan: { name: string }; host: Pick<HostContext, "connection" | "inside"> }[];
  /** By host name. */
  bridges: Readonly<Record<string, OvsBridge>>;
  /** Containers that are declared already, by name. */
  containers: Readonly<Record<string, pulumi.Resource>>;
  parent: pulumi.Resource;
}

/** Declares the chains of a plan. */
export function declareChains(name: string, { chains }: LabPlan, around: Around): DeclaredChain[] {
  if (chains.length === 0) return [];
  const hosts = new Map(
    around.hosts.map(({ plan, host }) => [plan.name, contextOf(plan.name, host, around)]),
  );
  return chains.map((plan) => ({
    chain: new ServiceChain(child(name, `${plan.name}-chain`), chainArgs(plan, hosts, around), {
      parent: around.parent,
      dependsOn: plan.hops.flatMap((hop) => around.containers[hop.name] ?? []),
    }),
    ends: endsOf(plan).filter((end) => end !== GATEWAY),
  }));
}

/** What stands for a host among the arguments of a chain, whose steps are on several. */
function contextOf(
  hostName: string,
  { connection, inside }: Pick<HostContext, "connection" | "inside">,
  { labId }: Around,
): pulumi.Input<HostConnectionArgs> {
  const standIn = {};
  setContext(standIn, { connection, hostName, labId, inside });
  return standIn as pulumi.Input<HostConnectionArgs>;
}

function chainArgs(
  { name: chain, failure, encapsulation, udpPort, hops }: ChainPlan,
  hosts: ReadonlyMap<string, pulumi.Input<HostConnectionArgs>>,
  { bridges }: Around,
) {
  const hopArgs = ({ name: hop, host, vtep: local, sources, ...more }: HopPlan): ChainHopArgs =>
    ({
      ...{ hop, host: hosts.get(host) ?? "", bridge: bridges[host]?.bridge ?? "", local, ...more },
      ...(sources === undefined ? { portSecurity: false } : { sources }),
    }) as ChainHopArgs;
  const args = hops.map(hopArgs);
  return {
    ...{ chain, failure, encapsulation, udpPort },
    ...{ from: args[0], through: args.slice(1, -1), to: args.at(-1) as ChainHopArgs },
  };
}
