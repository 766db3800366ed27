import * as pulumi from "@pulumi/pulumi";
import { planLab } from "../../plan/plan";
import type { HostPlan, Topology } from "../../plan/types";
import {
  ENCRYPTED_VTEPS_SCHEMA,
  LoginOutput,
  TunnelKeysOutput,
  VTEPS_SCHEMA,
  VtepOutput,
  VtepSshOutput,
  VtepsOutput,
} from "../../plan/vteps";
import { sayHints } from "./hints";
import { DeclaredHost, DeclaredHosts, MachinesArgs, declareMachines, hostsOf, labUri } from "./machines";
import { partsOf, setParts } from "./known";
import type { LabHost } from "./parts";
import { token } from "../naming";
import { EXISTING } from "../host/spec";

/**
 * An underlay with its machines, as a program asks for it.
 *
 * @example
 * ```ts
 * const args: VxlanUnderlayArgs = { topology: { hosts: { a1: { address: "192.168.10.11" } } } };
 * ```
 */
export interface VxlanUnderlayArgs extends MachinesArgs {
  /** What the machines are: the sections `underlay`, `underlays`, `image` and `hosts`. Other sections are ignored. */
  topology: Partial<Topology>;
}

/**
 * The machines of a lab without what is put on them: a `VxlanOverlay`, in this program or in another one, does that.
 *
 * @throws TopologyError with every problem of the topology, before anything is declared
 * @example
 * ```ts
 * const underlay = new VxlanUnderlay("underlay", { topology: { hosts: { a1: { address: "192.168.10.11" } } } });
 * export const { vteps, login } = underlay;
 * ```
 */
export class VxlanUnderlay extends pulumi.ComponentResource {
  /** Where the VTEPs are, as the contract plan/vteps.ts describes it; no secrets. */
  public readonly vteps: pulumi.Output<VtepsOutput>;
  /** OpenSSH private keys by host name; a secret, for the owner's own overlay alone. */
  public readonly login: pulumi.Output<LoginOutput>;
  /** Private keys of WireGuard by name of the hosts that encrypt; a secret, for the owner's own overlay alone. Undefined: none does. */
  public readonly tunnelKeys?: pulumi.Output<TunnelKeysOutput>;

  constructor(name: string, args: VxlanUnderlayArgs, opts?: pulumi.ComponentResourceOptions) {
    const topology = { ...args.topology, segments: {}, containers: {} };
    super(token("VxlanUnderlay"), name, { topology }, opts);
    const plan = planLab(topology, { lab: args.identity ?? name, libvirtUri: labUri(args) });
    sayHints(plan.hints, this);
    const machines = declareMachines(name, args, plan, this);
    setParts(this, { ...partsOf(this), hosts: hostsOf(machines) });
    const isEncrypted = machines.hosts.some(({ keys }) => keys !== undefined);
    const schema = isEncrypted ? ENCRYPTED_VTEPS_SCHEMA : VTEPS_SCHEMA;
    const networks = plan.underlays.flatMap(({ cidr, tunnelCidr }) => [
      cidr,
      ...(tunnelCidr === undefined ? [] : [tunnelCidr]),
    ]);
    const evpn = plan.evpn === undefined ? {} : { evpn: plan.evpn };
    const hosts = pulumi.all(machines.hosts.map(vtepOf)).apply(Object.fromEntries<VtepOutput>);
    this.vteps = hosts.apply((hosts) => ({ schema, hosts, networks, ...evpn }));
    this.login = pulumi.secret(loginOf(machines));
    if (isEncrypted) this.tunnelKeys = pulumi.secret(tunnelKeysOf(machines));
    const { vteps, login, tunnelKeys } = this;
    this.registerOutputs({ vteps, login, ...(tunnelKeys === undefined ? {} : { tunnelKeys }) });
  }

  /** By host name. TypeScript only. */
  get hosts(): Readonly<Record<string, LabHost>> {
    return partsOf(this).hosts;
  }
}

function vtepOf({ plan, facts, identity, keys }: DeclaredHost): pulumi.Output<readonly [string, VtepOutput]> {
  const { name, address } = plan;
  return pulumi.all([facts, identity, keys?.publicKey]).apply(([{ hostKey }, machine, publicKey]) => {
    const vtep = { address, mtu: mtuOf(plan), hostKey, machine, ssh: sshOf(plan) };
    return [name, { ...vtep, ...encryptionOf(plan, publicKey) }] as const;
  });
}

function encryptionOf(
  { encryption }: HostPlan,
  publicKey: string | undefined,
): Pick<VtepOutput, "encryption"> {
  if (encryption === undefined || publicKey === undefined) return {};
  const { address, port } = encryption;
  return { encryption: { address, publicKey, port } };
}

function tunnelKeysOf({ hosts }: DeclaredHosts): pulumi.Output<TunnelKeysOutput> {
  const keys = hosts.flatMap(({ plan, keys }) =>
    keys === undefined ? [] : [keys.privateKey.apply((key) => [plan.name, key] as const)],
  );
  return pulumi.all(keys).apply((entries) => Object.fromEntries(entries));
}

function mtuOf(host: HostPlan): number {
  return host.kind === "machine" ? host.underlay.mtu : host.existing.mtu;
}

function sshOf(host: HostPlan): VtepSshOutput {
  if (host.kind === "machine")
    return { address: host.address, port: EXISTING.port.default, user: EXISTING.user.default };
  const { sshAddress: address, port, user } = host.existing;
  return { address, port, user };
}

function loginOf({ hosts }: DeclaredHosts): pulumi.Output<LoginOutput> {
  const keys = hosts.map(({ plan, host }) =>
    host.connection.apply(({ privateKey }) => [plan.name, privateKey] as const),
  );
  return pulumi.all(keys).apply((entries) => Object.fromEntries(entries));
}
