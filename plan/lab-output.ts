/** From a plan to the lab as readers use it (contract.ts). */
import { WAYS } from "../components/segment/ways";
import { LAB_SCHEMA } from "./contract";
import type { HostOutput, LabOutput, PortOutput, ReachOutput } from "./contract";
import type { EncryptionOutput } from "./encryption-output";
import { ofSome } from "./sections";
import type { ContainerPlan, EncryptionPlan, ExistingPlan, HostPlan, LabPlan, VxlanPortPlan } from "./types";

/** What is known of a host once it is deployed. */
export type DeployedFacts = Pick<HostOutput, "hostKey" | "domain">;

/** @param hosts each of the plan's hosts, by `hostOutput` */
export function labOutput(plan: LabPlan, id: string, hosts: HostOutput[]): LabOutput {
  return {
    schema: LAB_SCHEMA,
    id,
    family: plan.family,
    underlays: plan.underlays.map(({ name, cidr, gateway, mtu }) => ({ name, cidr, gateway, mtu })),
    image: plan.image.kind,
    hosts,
    containers: plan.containers.map(withoutValues),
    services: plan.services,
    ...ofSome<"listed">((section, name) =>
      plan[name].length === 0 ? undefined : plan[name].map((one) => section.facts(one)),
    ),
  };
}

/** Without variables, which can be secrets, and files, which are large: readers of the output need neither. */
function withoutValues(container: ContainerPlan): ContainerPlan {
  const told = { ...container };
  delete told.env;
  delete told.files;
  delete told.exec;
  return told;
}

/** @param keys public ones of WireGuard, by name of the hosts that encrypt */
export function hostOutput(
  host: HostPlan,
  { hostKey, domain }: DeployedFacts,
  keys: Readonly<Record<string, string>> = {},
): HostOutput {
  const { name, address, guard, bridge, router, encryption } = host;
  return {
    name,
    address,
    ...(host.kind === "machine" ? { underlay: host.underlay.name } : { existing: reach(host.existing) }),
    hostKey,
    ...(domain === undefined ? {} : { domain }),
    ...encryptionOutput(encryption, keys[name], keys),
    guard,
    bridge,
    ...(router === undefined ? {} : { router }),
    ports: host.ports.map(portOutput),
  };
}

/** Of a host that encrypts. @param keys those of the lab's other hosts */
function encryptionOutput(
  plan: EncryptionPlan | undefined,
  publicKey: string | undefined,
  keys: Readonly<Record<string, string>>,
): { encryption?: EncryptionOutput } {
  if (plan === undefined || publicKey === undefined) return {};
  const { device, address, port, mtu } = plan;
  const peers = plan.peers.flatMap((peer) => {
    const key = peer.publicKey ?? keys[peer.host];
    return key === undefined ? [] : [{ ...peer, publicKey: key }];
  });
  return { encryption: { device, address, port, mtu, publicKey, peers } };
}

function reach({ sshAddress, port, user }: ExistingPlan): ReachOutput {
  return { sshAddress, port, user };
}

function portOutput(port: VxlanPortPlan): PortOutput {
  const { segment, vni, encapsulation, udpPort, mtu, vlan = 0, flooding, bfd, group, ttl } = port;
  return {
    segment,
    vni,
    ...(encapsulation === undefined ? {} : { encapsulation }),
    udpPort,
    mtu,
    vlan,
    flooding,
    protected: port.protected,
    ...(bfd === undefined ? {} : { bfd }),
    ...(group === undefined ? {} : { group }),
    ...(ttl === undefined ? {} : { ttl }),
    tunnels: port.remotes.map(({ host, address }) => ({
      port: WAYS[flooding].portTo(vni, address),
      host,
      address,
    })),
  };
}
