/** Existing hosts: how each is reached, and what it must have for the things that are put on it. */
import { addressText } from "../../plan/addresses";
import type {
  ContainerPlan,
  ExistingPlan,
  RouterPlan,
  ServicePlan,
  VxlanPortPlan,
} from "../../plan/lab-plan";
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS, tunnelOverhead } from "../../plan/net/encap";
import type { ResolvedExisting, ResolvedLab } from "../../plan/resolved";
import { carrierOf } from "../encryption/mtu";
import { CONTAINER_KINDS } from "../container/kinds";
import { WAYS } from "../segment/ways";
import { mtuUnder } from "../underlay/mtu";
import { UNDERLAY } from "../underlay/spec";
import { HostNeed } from "./spec";

/** What is put on one host. */
export interface Workload {
  ports: readonly VxlanPortPlan[];
  router?: RouterPlan;
  services: readonly ServicePlan[];
  containers: readonly ContainerPlan[];
}

export function planExisting(lab: ResolvedLab, host: ResolvedExisting, workload: Workload): ExistingPlan {
  const { sshAddress, port, user, hostKey, keyFile } = host.reach;
  return {
    ...{ sshAddress: addressText(sshAddress), port, user, hostKey, keyFile },
    mtu: largestPacket(lab, host, workload.ports),
    needs: needsOf(workload, host),
  };
}

/** The largest packet that its segments send; without segments (an underlay stack), the one that other stacks may rely on. */
function largestPacket(
  { underlays }: ResolvedLab,
  { encryption }: ResolvedExisting,
  ports: readonly VxlanPortPlan[],
): number {
  const { family, spent } = carrierOf(0, underlays.family, encryption !== undefined);
  if (ports.length > 0) return Math.max(...ports.map(({ mtu }) => mtu)) + tunnelOverhead(family) + spent;
  const written = mtuUnder(underlays);
  // With machines, underlay.mtu describes their network, which may be jumbo; without, the network of the existing hosts.
  return underlays.used.length === 0 ? written : Math.min(UNDERLAY.mtu.default, written);
}

function needsOf(
  { ports, router, services, containers }: Workload,
  { guard, encryption }: ResolvedExisting,
): HostNeed[] {
  const needed = new Set([
    ...services.flatMap(({ nat, nat6 = false, dhcp }) => [
      ...(nat || nat6 ? [HostNeed.Gateway] : []),
      ...(dhcp === undefined && !nat6 ? [] : [HostNeed.Dhcp]),
    ]),
    ...ports.flatMap(({ flooding }) => WAYS[flooding].need ?? []),
    ...(router === undefined ? [] : [HostNeed.Frr]),
    ...ports.flatMap(({ encapsulation = DEFAULT_ENCAPSULATION }) => ENCAPSULATIONS[encapsulation].need ?? []),
    ...containers.flatMap(({ kind }) => CONTAINER_KINDS[kind].need ?? []),
    ...(guard ? [HostNeed.Guard] : []),
    ...(encryption === undefined ? [] : [HostNeed.Wireguard]),
  ]);
  return Object.values(HostNeed).filter((need) => needed.has(need));
}
