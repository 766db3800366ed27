import * as pulumi from "@pulumi/pulumi";
import type { ChainPlan, HopPlan, LabPlan } from "../../plan/types";
import { GATEWAY } from "./spec";
import type { HostConnectionArgs } from "../guest-step";
import { setContext } from "../host/context.component";
import { child } from "../naming";
import type { DeclaredHost } from "../lab/parts";
import type { DeclaredGround, DeclaredSection } from "../lab/section";
import { ServiceChain } from "./component";
import type { ChainHopArgs, ServiceChainArgs } from "./component";
import { bothEnds } from "./ends";

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

const endsOf = ({ hops }: ChainPlan): string[] => bothEnds(hops).map(({ name }) => name);

function declareChains(
  name: string,
  { chains }: LabPlan,
  ground: DeclaredGround,
): Record<string, ServiceChain> {
  if (chains.length === 0) return {};
  const hosts = new Map(ground.hosts.map((one) => [one.plan.name, placementOn(one, ground)]));
  const { parent, parts } = ground;
  const made = chains.flatMap((plan) => {
    const dependsOn = plan.hops.flatMap((hop) => parts.containers[hop.name] ?? []);
    const args = chainArgs(plan, hosts);
    if (args === undefined) return [];
    const chain = new ServiceChain(child(name, `${plan.name}-chain`), args, { parent, dependsOn });
    return [[plan.name, chain] as const];
  });
  return Object.fromEntries(made);
}

type HopPlacement = Pick<ChainHopArgs, "host" | "bridge">;

/** The arguments of a chain without a host, because its steps are on several hosts. */
function placementOn(
  { plan: { name: hostName }, host: { connection, inside }, bridge }: DeclaredHost,
  { labId }: DeclaredGround,
): HopPlacement {
  const standIn = {};
  setContext(standIn, { connection, hostName, labId, inside });
  return { host: standIn as pulumi.Input<HostConnectionArgs>, bridge: bridge.bridge };
}

/** Undefined if a hop has no host: a chain without that hop would bypass it. */
function chainArgs(
  { name: chain, failure, probe, encapsulation, udpPort, hops }: ChainPlan,
  hosts: ReadonlyMap<string, HopPlacement>,
): ServiceChainArgs | undefined {
  const [from, ...others] = hops.flatMap((hop) => {
    const placement = hosts.get(hop.host);
    return placement === undefined ? [] : [hopArgs(hop, placement)];
  });
  const to = others.pop();
  if (from === undefined || to === undefined || others.length < hops.length - 2) return undefined;
  return {
    ...{ chain, failure, encapsulation, udpPort },
    ...(probe === undefined ? {} : { probe }),
    ...{ from, through: others, to },
  };
}

function hopArgs(hop: HopPlan, placement: HopPlacement): ChainHopArgs {
  const { name, vtep: local, vni, ports, addresses } = hop;
  const { mac, sources, gateway } = hop.mac === undefined ? {} : hop;
  return {
    ...{ hop: name, ...placement, local, vni, ports: [...ports], addresses },
    ...(mac === undefined ? {} : { mac }),
    ...(sources === undefined ? { portSecurity: false } : { sources }),
    ...(gateway === undefined ? {} : { gateway }),
  };
}
