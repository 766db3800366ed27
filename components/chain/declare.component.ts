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
  /** Containers at its ends. */
  ends: string[];
}

interface Around {
  labId: pulumi.Input<string>;
  hosts: readonly { plan: { name: string }; host: Pick<HostContext, "connection" | "inside"> }[];
  /** By host name. */
  bridges: Readonly<Record<string, OvsBridge>>;
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
    }),
    ends: [plan.hops[0], plan.hops.at(-1)]
      .flatMap((end) => (end === undefined ? [] : [end.name]))
      .filter((end) => end !== GATEWAY),
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
