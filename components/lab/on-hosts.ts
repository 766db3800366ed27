/** The upper half of a lab: what is put on its hosts. Used by VxlanLab and VxlanOverlay, whose children these resources are. */
import * as pulumi from "@pulumi/pulumi";
import {
  ContainerKind,
  ContainerPlan,
  HostPlan,
  InterfacePlan,
  LabPlan,
  VxlanPortPlan,
} from "../../plan/types";
import { DockerContainer } from "../container/kinds/docker/component";
import type { HostConnectionArgs } from "../guest-step";
import { LxcContainer, LxcContainerArgs } from "../container/kinds/lxc/component";
import { child, token } from "../naming";
import { OvsBridge } from "../bridge/component";
import { SegmentService } from "../service/component";
import { ContainerVariables, checkLabVariables } from "../container/variables.component";
import { VxlanPort } from "../segment/component";
import type { LabContainer, LabParts } from "./parts";

/** A host as whatever is put on it sees it. */
export interface Ground {
  connection: pulumi.Input<HostConnectionArgs>;
  /** Options for whatever lives there. */
  inside: pulumi.ComponentResourceOptions;
}

/**
 * Declares bridges, ports, services and containers of a plan.
 *
 * @param env of containers, beside the plan's
 */
export function declareOnHosts(
  name: string,
  plan: LabPlan,
  labId: pulumi.Input<string>,
  hosts: Readonly<Record<string, Ground>>,
  parent: pulumi.Resource,
  env: Record<string, ContainerVariables> = {},
): Omit<LabParts, "hosts"> {
  checkLabVariables(plan, env);
  const parts = { bridges: {}, segments: {}, containers: {} };
  for (const host of plan.hosts) {
    const ground = hosts[host.name];
    if (ground === undefined) throw new Error(`nobody has made the host ${host.name}`);
    const on = { host: ground.connection, hostName: host.name, labId, env };
    onHost(name, plan, host, on, { parent, ...ground.inside }, parts);
  }
  return parts;
}

interface On {
  host: pulumi.Input<HostConnectionArgs>;
  hostName: string;
  labId: pulumi.Input<string>;
  env: Record<string, ContainerVariables>;
}

function onHost(
  name: string,
  lab: LabPlan,
  plan: HostPlan,
  { env, ...on }: On,
  opts: pulumi.ComponentResourceOptions,
  parts: Omit<LabParts, "hosts">,
): void {
  const self = child(name, plan.name);
  const { host, labId } = on;
  const made = new OvsBridge(
    child(self, plan.bridge.name),
    { host, labId, bridge: plan.bridge.name, ...plan.bridge, ...(plan.guard ? {} : { guard: false }) },
    opts,
  );
  const { bridge } = made;
  parts.bridges[plan.name] = made;
  for (const port of plan.ports) {
    const { ports } = (parts.segments[port.segment] ??= { ports: {} });
    const args = { ...on, ...portArgs(plan, port), bridge };
    ports[plan.name] = new VxlanPort(child(self, port.segment), args, opts);
  }
  for (const { segment, ...service } of lab.services.filter((s) => s.host === plan.name))
    (parts.segments[segment] ??= { ports: {} }).service = new SegmentService(
      child(self, `${segment}-service`),
      { ...service, ...on, bridge, local: plan.address },
      { ...opts, aliases: elsewhere(name, lab, plan, `${segment}-service`) },
    );
  for (const box of lab.containers.filter((c) => c.host === plan.name))
    parts.containers[box.name] = declareContainer(
      child(name, box.name),
      withVariables(box, env),
      { ...on, ...containerArgs(box, bridge) },
      opts,
    );
}

/** What of a container goes into its component as it is. */
type Content = Pick<ContainerPlan, "kind" | "image" | "archive" | "command"> & { env?: ContainerVariables };

function withVariables(box: ContainerPlan, env: Record<string, ContainerVariables>): Content {
  const more = env[box.name];
  return more === undefined ? box : { ...box, env: { ...box.env, ...more } };
}

/**
 * A segment has one service, whose name has its host's in it. On another host it is the same one still: otherwise the new one would
 * be made before the old one goes, and both would answer for one address.
 */
function elsewhere(name: string, lab: LabPlan, here: HostPlan, part: string): pulumi.Alias[] {
  return lab.hosts
    .filter((host) => host !== here)
    .map((host) => ({ name: child(child(name, host.name), part) }));
}

/** A container of a lab that changes its kind is the same one still: its step converges, instead of two that meet. */
function declareContainer(
  name: string,
  { kind, image, archive, env, command }: Content,
  args: LxcContainerArgs,
  opts: pulumi.ComponentResourceOptions,
): LabContainer {
  const was = (other: string) => ({ ...opts, aliases: [{ type: token(other) }] });
  if (kind === ContainerKind.Lxc) return new LxcContainer(name, args, was("DockerContainer"));
  const own = {
    ...(image === undefined ? {} : { image }),
    ...(archive === undefined ? {} : { archive }),
    ...(env === undefined ? {} : { env }),
    command: command.length === 0 ? undefined : command,
  };
  return new DockerContainer(name, { ...args, ...own }, was("LxcContainer"));
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
