import * as pulumi from "@pulumi/pulumi";
import type { ChainPlan, HopPlan, LabPlan } from "../../plan/types";
import { GATEWAY } from "./spec";
import type { HostConnectionArgs } from "../guest-step";
import { setContext } from "../host/context.component";
import type { HostContext } from "../host/context.component";
import { child } from "../naming";
import type { GroundParts } from "../lab/parts";
import type { DeclaredGround, DeclaredSection } from "../lab/section";
import { ServiceChain } from "./component";
import type { ChainHopArgs } from "./component";

/**
 * Declares the section `chains`. Containers at the ends start once their chain is in place: before that they would reach each other
 * directly.
 */
export const chains: DeclaredSection<Record<string, ServiceChain>> = {
  follows(plan) {
    const boxes = boxesFirst(plan);
    return (container) => boxes.has(container);
  },
  declare: declareChains,
  awaited: ({ chains: plans }, parts, container) =>
    container === GATEWAY
      ? []
      : plans.flatMap((plan) => (endsOf(plan).includes(container) ? (parts[plan.name] ?? []) : [])),
};

/**
 * Containers that must run before packets are sent to them: middle boxes. One that is also an end of another chain is left out, since it
 * would wait for itself.
 */
function boxesFirst({ chains }: LabPlan): Set<string> {
  const ends = new Set(chains.flatMap(endsOf));
  return new Set(
    chains.flatMap(({ hops }) => hops.map(({ name }) => name)).filter((name) => !ends.has(name)),
  );
}

const endsOf = ({ hops }: ChainPlan): string[] =>
  [hops[0], hops.at(-1)].flatMap((end) => (end === undefined ? [] : [end.name]));

function declareChains(
  name: string,
  { chains }: LabPlan,
  ground: DeclaredGround,
): Record<string, ServiceChain> {
  if (chains.length === 0) return {};
  const hosts = new Map(
    ground.hosts.map(({ plan, host }) => [plan.name, contextOf(plan.name, host, ground)]),
  );
  const { parent, parts } = ground;
  const made = chains.map((plan) => {
    const dependsOn = plan.hops.flatMap((hop) => parts.containers[hop.name] ?? []);
    const args = chainArgs(plan, hosts, parts);
    return [
      plan.name,
      new ServiceChain(child(name, `${plan.name}-chain`), args, { parent, dependsOn }),
    ] as const;
  });
  return Object.fromEntries(made);
}

/** The arguments of a chain without a host, because its steps are on several hosts. */
function contextOf(
  hostName: string,
  { connection, inside }: Pick<HostContext, "connection" | "inside">,
  { labId }: DeclaredGround,
): pulumi.Input<HostConnectionArgs> {
  const standIn = {};
  setContext(standIn, { connection, hostName, labId, inside });
  return standIn as pulumi.Input<HostConnectionArgs>;
}

function chainArgs(
  { name: chain, failure, probe, encapsulation, udpPort, hops }: ChainPlan,
  hosts: ReadonlyMap<string, pulumi.Input<HostConnectionArgs>>,
  { bridges }: GroundParts,
) {
  const hopArgs = ({ name: hop, host, vtep: local, sources, ...more }: HopPlan): ChainHopArgs =>
    ({
      ...{ hop, host: hosts.get(host) ?? "", bridge: bridges[host]?.bridge ?? "", local, ...more },
      ...(sources === undefined ? { portSecurity: false } : { sources }),
    }) as ChainHopArgs;
  const args = hops.map(hopArgs);
  return {
    ...{ chain, failure, encapsulation, udpPort },
    ...(probe === undefined ? {} : { probe }),
    ...{ from: args[0], through: args.slice(1, -1), to: args.at(-1) as ChainHopArgs },
  };
}
