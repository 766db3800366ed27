/** The upper half of a lab: what is put on its hosts. Used by VxlanLab and VxlanOverlay, whose children these resources are. */
import * as pulumi from "@pulumi/pulumi";
import { ContainerKind, ContainerPlan, HostPlan, InterfacePlan, LabPlan, VxlanPortPlan } from "../plan/types";
import { DockerContainer } from "./docker-container";
import type { HostConnectionArgs } from "./guest-step";
import { LxcContainer, LxcContainerArgs } from "./lxc-container";
import { child, token } from "./naming";
import { OvsBridge } from "./ovs-bridge";
import { SegmentService } from "./segment-service";
import { VxlanPort } from "./vxlan-port";

/** A host as whatever is put on it sees it. */
export interface Ground {
  connection: pulumi.Input<HostConnectionArgs>;
  /** Options for whatever lives there. */
  inside: pulumi.ComponentResourceOptions;
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
    declareContainer(child(name, box.name), box, { ...on, ...containerArgs(box, bridge) }, opts);
}

/** A container of a lab that changes its kind is the same one still: its step converges, instead of two that meet. */
function declareContainer(
  name: string,
  { kind, image, archive, env, command }: ContainerPlan,
  args: LxcContainerArgs,
  opts: pulumi.ComponentResourceOptions,
): void {
  const was = (other: string) => ({ ...opts, aliases: [{ type: token(other) }] });
  if (kind === ContainerKind.Lxc) {
    new LxcContainer(name, args, was("DockerContainer"));
    return;
  }
  const own = {
    ...(image === undefined ? {} : { image }),
    ...(archive === undefined ? {} : { archive }),
    ...(env === undefined ? {} : { env }),
    command: command.length === 0 ? undefined : command,
  };
  new DockerContainer(name, { ...args, ...own }, was("LxcContainer"));
}

function portArgs({ address: local }: HostPlan, { remotes, ...port }: VxlanPortPlan) {
  return { ...port, local, remotes: remotes.map((remote) => remote.address) };
}

function containerArgs(
  { name: container, command, interfaces }: ContainerPlan,
  bridge: pulumi.Input<string>,
): Pick<LxcContainerArgs, "container" | "command" | "interfaces"> {
  const nics = interfaces.map(({ mac, mtu, veth, vlan, addresses, dhcp, gateway, trunk, ...security }) => ({
    ...{ bridge, mac, mtu, veth, addresses },
    // What is not used is not said: a preview shows every word.
    ...(vlan === undefined ? {} : { vlan }),
    ...(dhcp ? { dhcp } : {}),
    ...(gateway === undefined ? {} : { gateway }),
    ...(trunk.length === 0 ? {} : { trunk: trunk.map((one) => tagged(one, security.portSecurity)) }),
    ...securityArgs(security),
  }));
  return { container, command, interfaces: nics };
}

const tagged = (
  { vlan, addresses, mtu, portSecurity }: InterfacePlan["trunk"][number],
  interfacePortSecurity: boolean,
) => ({ vlan, addresses, mtu, ...(portSecurity === interfacePortSecurity ? {} : { portSecurity }) });

function securityArgs({ portSecurity, dhcpRange }: Pick<InterfacePlan, "portSecurity" | "dhcpRange">) {
  if (!portSecurity) return { portSecurity };
  return dhcpRange === undefined ? {} : { dhcpRange };
}
