import * as pulumi from "@pulumi/pulumi";
import { planLab } from "../../plan/plan";
import type { HostPlan, LabPlan, Topology } from "../../plan/types";
import { LoginOutput, VTEPS_SCHEMA, VtepOutput, VtepsOutput } from "../../plan/vteps";
import { sayHints } from "./hints";
import { Machine, Machines, MachinesArgs, declareMachines, hostsOf, labUri } from "./machines";
import { LabHost, partsOf, setParts } from "./parts";
import { token } from "../naming";
import { EXISTING } from "../host/spec";

export interface VxlanUnderlayArgs extends MachinesArgs {
  /** What the machines are: the sections `underlay`, `underlays`, `image` and `hosts`. The others are not looked at. */
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

  constructor(name: string, args: VxlanUnderlayArgs, opts?: pulumi.ComponentResourceOptions) {
    const topology = { ...args.topology, segments: {}, containers: {} };
    super(token("VxlanUnderlay"), name, { topology }, opts);
    const plan = planLab(topology, { lab: name, libvirtUri: labUri(args) });
    sayHints(plan.hints, this);
    const machines = declareMachines(name, args, plan, this);
    setParts(this, { ...partsOf(this), hosts: hostsOf(machines) });
    this.vteps = vtepsOf(plan, machines);
    this.login = pulumi.secret(loginOf(machines));
    this.registerOutputs({ vteps: this.vteps, login: this.login });
  }

  /** By host name. TypeScript only. */
  get hosts(): Readonly<Record<string, LabHost>> {
    return partsOf(this).hosts;
  }
}

function vtepsOf(plan: LabPlan, machines: Machines): pulumi.Output<VtepsOutput> {
  const all = plan.hosts.map((host) => vtepOf(host, plan, known(machines, host.name)));
  return pulumi.all(all).apply((vteps) => ({
    schema: VTEPS_SCHEMA,
    hosts: Object.fromEntries(plan.hosts.map(({ name }, i) => [name, vteps[i]])),
    networks: plan.underlays.map(({ cidr }) => cidr),
  }));
}

function vtepOf(host: HostPlan, plan: LabPlan, { facts, identity }: Machine): pulumi.Output<VtepOutput> {
  const { address, existing } = host;
  const ssh = {
    address: existing?.sshAddress ?? address,
    port: existing?.port ?? EXISTING.port.default,
    user: existing?.user ?? EXISTING.user.default,
  };
  return pulumi.all([facts, identity]).apply(([{ hostKey }, machine]) => ({
    address,
    mtu: mtuOf(host, plan),
    hostKey,
    machine,
    ssh,
  }));
}

function mtuOf({ name, underlay, existing }: HostPlan, { underlays }: LabPlan): number {
  const found = existing ?? underlays.find((one) => one.name === underlay);
  if (found === undefined) throw new Error(`the plan puts host ${name} on no underlay`);
  return found.mtu;
}

function loginOf({ hosts }: Machines): pulumi.Output<LoginOutput> {
  const keys = [...hosts].map(([name, { host }]) =>
    host.connection.apply(({ privateKey }) => [name, privateKey] as const),
  );
  return pulumi.all(keys).apply((entries) => Object.fromEntries(entries));
}

function known(machines: Machines, host: string): Machine {
  const found = machines.hosts.get(host);
  if (found === undefined) throw new Error(`nobody has made the host ${host}`);
  return found;
}
