/** Hosts that are there already: how each is reached, and what it must have for what is put on it. */
import { addressText } from "../../plan/addresses";
import { EXISTING } from "../../plan/defaults";
import { vxlanOverhead } from "../../plan/mtu";
import { checked } from "../../plan/must";
import { readAddress } from "../../plan/read-address";
import { ContainerKind, Flooding, HostNeed } from "../../plan/types";
import type {
  ContainerPlan,
  ExistingPlan,
  ExistingSpec,
  ServicePlan,
  Topology,
  VxlanPortPlan,
} from "../../plan/types";
import { labFamily, underlayMtu, underlaysOf } from "../underlay/underlays";

/** What is put on one host. */
export interface Load {
  ports: readonly VxlanPortPlan[];
  services: readonly ServicePlan[];
  containers: readonly ContainerPlan[];
  guard: boolean;
}

/** @param address of the host, as it is written */
export function planExisting(
  topology: Topology,
  address: string,
  spec: ExistingSpec,
  load: Load,
): ExistingPlan {
  const { hostKey, keyFile, user, port } = { ...EXISTING, ...spec };
  const sshAddress = addressText(checked(readAddress(spec.sshAddress ?? address).value));
  return {
    ...{ sshAddress, port, user, hostKey, keyFile },
    mtu: largestPacket(topology, load.ports),
    needs: needsOf(load),
  };
}

/** What its segments send; without any (an underlay stack), what others may count on. */
function largestPacket(topology: Topology, ports: readonly VxlanPortPlan[]): number {
  if (ports.length > 0) return Math.max(...ports.map(({ mtu }) => mtu)) + vxlanOverhead(labFamily(topology));
  const written = checked(underlayMtu(topology));
  // A jumbo underlay is the machines': only without any does the setting speak of hosts that exist already.
  return underlaysOf(topology).length === 0 ? written : Math.min(1500, written);
}

function needsOf({ ports, services, containers, guard }: Load): HostNeed[] {
  const needed: Record<HostNeed, boolean> = {
    [HostNeed.Gateway]: services.some(({ nat }) => nat),
    [HostNeed.Dhcp]: services.some(({ dhcp }) => dhcp !== undefined),
    [HostNeed.Multicast]: ports.some(({ flooding }) => flooding === Flooding.Multicast),
    [HostNeed.Flow]: ports.some(({ flooding }) => flooding === Flooding.Flow),
    [HostNeed.Docker]: containers.some(({ kind }) => kind === ContainerKind.Docker),
    [HostNeed.Guard]: guard,
  };
  return Object.values(HostNeed).filter((need) => needed[need]);
}
