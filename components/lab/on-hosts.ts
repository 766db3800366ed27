/** The upper half of a lab: what is put on its hosts. Used by VxlanLab and VxlanOverlay, whose children these resources are. */
import * as pulumi from "@pulumi/pulumi";
import { ContainerKind, HostPlan, LabPlan, RouterPlan, VxlanPortPlan } from "../../plan/types";
import { endpointOf } from "../encryption/endpoint";
import { CONTAINER_KINDS, CONTAINER_WORDS } from "../container/kinds";
import * as kinds from "../container/kinds/index.component";
import type { HostConnectionArgs } from "../guest-step";
import type { LxcContainerArgs } from "../container/kinds/lxc/component";
import { child, token } from "../naming";
import { OvsBridge } from "../bridge/component";
import { EvpnRouter } from "../router/component";
import { SegmentService } from "../service/component";
import { containerArgs } from "./container-args";
import { ContainerVariables, checkLabVariables } from "../container/variables.component";
import { VxlanPort } from "../segment/component";
import type { WireguardKeys } from "../encryption/keys.component";
import { declareEncryption, publicKeysOf } from "./encryption";
import type { OnHosts } from "./known";
import type { DeclaredHost, GroundParts, LabContainer, TargetHost } from "./parts";
import { declareSections } from "./sections";

/**
 * Declares bridges, ports, services and containers of a plan.
 *
 * @param hosts those of the plan
 * @param env of containers, beside the plan's
 */
export function declareOnHosts(
  name: string,
  plan: LabPlan,
  labId: pulumi.Input<string>,
  hosts: readonly TargetHost[],
  parent: pulumi.Resource,
  env: Record<string, ContainerVariables> = {},
): OnHosts {
  checkLabVariables(plan, env);
  const parts: GroundParts = { bridges: {}, segments: {}, containers: {} };
  const publicKeys = publicKeysOf(hosts);
  const placed = hosts.map((target) => {
    const { plan: host, keys, host: reached } = target;
    const placement = { host: reached.connection, hostName: host.name, labId };
    const opts = { parent, ...reached.inside };
    const bridge = onHost(name, plan, host, { ...placement, keys, publicKeys }, opts, parts);
    return { ...target, bridge, placement, opts };
  });
  const ground = { labId, hosts: placed, parts, parent };
  const sections = declareSections(name, plan, ground, (isMeant, awaited) => {
    for (const one of placed) containersOn(name, plan, one, { env, parts, isMeant, awaited });
  });
  return { ...parts, ...sections };
}

/** Arguments of everything on one host. */
interface Placement {
  host: pulumi.Input<HostConnectionArgs>;
  hostName: string;
  labId: pulumi.Input<string>;
}

/** What the tunnels of a host need if they are encrypted. */
interface Tunnels {
  keys: WireguardKeys | undefined;
  publicKeys: ReturnType<typeof publicKeysOf>;
}

function onHost(
  name: string,
  lab: LabPlan,
  plan: HostPlan,
  { keys, publicKeys, ...placement }: Placement & Tunnels,
  opts: pulumi.ComponentResourceOptions,
  parts: GroundParts,
): OvsBridge {
  const self = child(name, plan.name);
  const made = new OvsBridge(
    child(self, plan.bridge.name),
    { ...placement, bridge: plan.bridge.name, ...plan.bridge, ...(plan.guard ? {} : { guard: false }) },
    opts,
  );
  const { bridge } = made;
  parts.bridges[plan.name] = made;
  const encrypted = declareEncryption(self, { plan, keys }, { ...placement, bridge }, publicKeys, opts);
  for (const port of plan.ports) {
    const { ports } = (parts.segments[port.segment] ??= { ports: {} });
    const args = { ...placement, ...portArgs(plan, port), bridge };
    ports[plan.name] = new VxlanPort(child(self, port.segment), args, encrypted);
  }
  if (plan.router !== undefined)
    new EvpnRouter(
      child(self, "evpn"),
      { ...placement, ...routerArgs(plan, plan.router), bridge },
      encrypted,
    );
  for (const { segment, further, ...service } of lab.services.filter((s) => s.host === plan.name)) {
    const part = (parts.segments[segment] ??= { ports: {} });
    const made = new SegmentService(
      child(self, `${segment}-service`),
      { ...service, ...placement, bridge, local: plan.address },
      { ...opts, aliases: elsewhere(name, lab, segment) },
    );
    if (further === true) (part.gateways ??= {})[plan.name] = made;
    else part.service = made;
  }
  return made;
}

/** A host on which containers are declared. */
interface PlacedHost extends DeclaredHost {
  placement: Placement;
  opts: pulumi.ComponentResourceOptions;
}

interface Beside {
  env: Record<string, ContainerVariables>;
  parts: GroundParts;
  isMeant: (container: string) => boolean;
  /** What a container waits for. */
  awaited: (container: string) => pulumi.Resource[];
}

/** Declares the containers for which `isMeant` is true and that are not declared yet. */
function containersOn(
  name: string,
  lab: LabPlan,
  { plan, bridge, placement, opts }: PlacedHost,
  { env, parts, isMeant, awaited }: Beside,
): void {
  const own = lab.containers.filter(
    (box) => box.host === plan.name && parts.containers[box.name] === undefined && isMeant(box.name),
  );
  for (const box of own) {
    const dependsOn = awaited(box.name);
    parts.containers[box.name] = declareContainer(
      child(name, box.name),
      box.kind,
      { ...placement, ...containerArgs(box, bridge.bridge, env[box.name]) },
      dependsOn.length === 0 ? opts : { ...opts, dependsOn },
    );
  }
}

/**
 * Aliases for a service, whose name contains its host's name. They keep a service that moves to another host the same resource: otherwise
 * the new one would be created before the old one is deleted, and both would answer for one address. Hosts that have a service of the
 * segment are left out, since these names are in use.
 */
function elsewhere(name: string, lab: LabPlan, segment: string): pulumi.Alias[] {
  const having = lab.services.filter((service) => service.segment === segment).map(({ host }) => host);
  return lab.hosts
    .filter((host) => !having.includes(host.name))
    .map((host) => ({ name: child(child(name, host.name), `${segment}-service`) }));
}

/** Aliases to all other kinds keep a container that changes its kind the same resource: its create and delete cannot race. */
function declareContainer(
  name: string,
  kind: ContainerKind,
  args: LxcContainerArgs,
  opts: pulumi.ComponentResourceOptions,
): LabContainer {
  const others = CONTAINER_WORDS.filter((other) => other !== kind);
  const aliases = others.map((other) => ({ type: token(CONTAINER_KINDS[other].component) }));
  // test/components/kinds.test.ts: every kind's is there.
  const component = CONTAINER_KINDS[kind].component as keyof typeof kinds;
  return new kinds[component](name, args, { ...opts, aliases });
}

function portArgs(host: HostPlan, { remotes, ...port }: VxlanPortPlan) {
  return { ...port, local: endpointOf(host), remotes: remotes.map((remote) => remote.address) };
}

function routerArgs(host: HostPlan, { neighbours, reflector, ...router }: RouterPlan) {
  return {
    ...{ ...router, local: endpointOf(host), ...(reflector ? { reflector } : {}) },
    neighbours: neighbours.map(({ address, as }) => ({ address, as })),
  };
}
