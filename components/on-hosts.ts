/** The upper half of a lab: what is put on its hosts. Used by VxlanLab and VxlanOverlay, whose children these resources are. */
import * as pulumi from "@pulumi/pulumi";
import { TopologyError } from "../plan/errors";
import { pathOf } from "../plan/rules";
import { ContainerKind, ContainerPlan, HostPlan, InterfacePlan, LabPlan, VxlanPortPlan } from "../plan/types";
import type { HostConnectionArgs } from "./guest-step";
import { LxcContainer, LxcContainerArgs } from "./lxc-container";
import { child } from "./naming";
import { OvsBridge } from "./ovs-bridge";
import { SegmentService } from "./segment-service";
import { VxlanPort } from "./vxlan-port";

/** A host as whatever is put on it sees it. */
export interface Ground {
  connection: pulumi.Input<HostConnectionArgs>;
  /** Options for whatever lives there. */
  inside: pulumi.ComponentResourceOptions;
}

/**
 * Says what the planner knows and nothing makes yet, before anything is declared.
 *
 * @throws TopologyError
 */
export function buildable(plan: LabPlan): LabPlan {
  const docker = plan.containers.filter(({ kind }) => kind === ContainerKind.Docker);
  if (docker.length === 0) return plan;
  throw new TopologyError(
    docker.map(({ name, kind }) => ({
      path: pathOf("containers", name, "kind"),
      got: kind,
      message: "Is not built yet: hosts run LXC containers only.",
      cure: "Leave it out.",
    })),
  );
}

/** Declares bridges, ports, services and containers of a plan. */
export function declareOnHosts(
  name: string,
  plan: LabPlan,
  labId: pulumi.Input<string>,
  hosts: ReadonlyMap<string, Ground>,
  parent: pulumi.Resource,
): void {
  for (const host of plan.hosts) {
    const ground = hosts.get(host.name);
    if (ground === undefined) throw new Error(`nobody has made the host ${host.name}`);
    onHost(name, plan, host, { host: ground.connection, labId }, { parent, ...ground.inside });
  }
}

interface On {
  host: pulumi.Input<HostConnectionArgs>;
  labId: pulumi.Input<string>;
}

function onHost(
  name: string,
  lab: LabPlan,
  plan: HostPlan,
  on: On,
  opts: pulumi.ComponentResourceOptions,
): void {
  const self = child(name, plan.name);
  const { bridge } = new OvsBridge(
    child(self, plan.bridge.name),
    { ...on, bridge: plan.bridge.name, ...plan.bridge },
    opts,
  );
  for (const port of plan.ports)
    new VxlanPort(child(self, port.segment), { ...on, ...portArgs(plan, port), bridge }, opts);
  for (const { segment, ...service } of lab.services.filter((s) => s.host === plan.name))
    new SegmentService(
      child(self, `${segment}-service`),
      { ...service, ...on, bridge, local: plan.address },
      opts,
    );
  for (const box of lab.containers.filter((c) => c.host === plan.name))
    new LxcContainer(child(name, box.name), { ...on, ...containerArgs(box, bridge) }, opts);
}

function portArgs({ address: local }: HostPlan, { remotes, ...port }: VxlanPortPlan) {
  return { ...port, local, remotes: remotes.map((remote) => remote.address) };
}

function containerArgs(
  { name: container, command, interfaces }: ContainerPlan,
  bridge: pulumi.Input<string>,
): Pick<LxcContainerArgs, "container" | "command" | "interfaces"> {
  const nics = interfaces.map(({ mac, mtu, veth, vlan, addresses, dhcp, gateway, trunk }) => ({
    ...{ bridge, mac, mtu, veth, addresses },
    // What is not used is not said: a preview shows every word.
    ...(vlan === undefined ? {} : { vlan }),
    ...(dhcp ? { dhcp } : {}),
    ...(gateway === undefined ? {} : { gateway }),
    ...(trunk.length === 0 ? {} : { trunk: trunk.map(tagged) }),
  }));
  return { container, command, interfaces: nics };
}

const tagged = ({ vlan, addresses, mtu }: InterfacePlan["trunk"][number]) => ({ vlan, addresses, mtu });
