import * as pulumi from "@pulumi/pulumi";
import { LabOutput, labOutput } from "../../plan/contract";
import { planLab } from "../../plan/plan";
import { Accel, LabPlan, Topology } from "../../plan/types";
import { sayHints } from "./hints";
import { Machines, declareMachines } from "./machines";
import { token } from "../naming";
import { declareOnHosts } from "./on-hosts";
import { ContainerVariables } from "../container/variables.component";

export interface VxlanLabArgs {
  /** What the lab is made of; checked as a whole before the first resource is declared. */
  topology: Topology;
  /**
   * Environment variables of Docker containers, by container and name, beside those in the topology. A secret value stays
   * one. @default none
   */
  env?: Record<string, ContainerVariables>;
  /** Files that the machines boot from. */
  image: LabImageArgs;
  /** The hypervisor's connection URI. @default "qemu:///system" */
  libvirtUri?: string;
  /** What executes the machines' instructions. @default Accel.Kvm */
  accel?: Accel;
  /**
   * QEMU's cache of translated code when it emulates, MiB; needs xsltproc where Pulumi runs. A full one is dropped as a
   * whole, a large one makes a reboot last minutes. @default QEMU's own: up to 1024
   */
  codeCache?: number;
  /** Longest wait for a machine's SSH to answer, seconds. @default 600 */
  bootTimeout?: number;
}

/** Files of a guest image, where Pulumi runs. */
export interface LabImageArgs {
  /** Identity of the image: a change rebuilds the machines. */
  version: string;
  /** Root disk, a qcow2 file; read when the image is first made, not compared later. */
  root: string;
  /** Kernel file for direct boot. @default none: the root disk's own boot loader */
  kernel?: string;
  /** Initial RAM disk for direct boot, a file. @default none */
  initrd?: string;
  /** Kernel command line for direct boot, without secrets. @default none */
  cmdline?: string;
}

/**
 * A whole lab: the underlay, a machine for each host, in it a bridge, a VXLAN port for each segment, and the containers.
 * `VxlanUnderlay` and `VxlanOverlay` are the two halves of it.
 *
 * @throws TopologyError with every problem of the topology, before anything is declared
 */
export class VxlanLab extends pulumi.ComponentResource {
  /** The lab as the contract plan/contract.ts describes it; no secrets. */
  public readonly lab: pulumi.Output<LabOutput>;

  constructor(name: string, args: VxlanLabArgs, opts?: pulumi.ComponentResourceOptions) {
    const { topology, env } = args;
    super(token("VxlanLab"), name, { topology, ...(env === undefined ? {} : { env }) }, opts);
    const plan = planLab(args.topology, { lab: name, libvirtUri: args.libvirtUri });
    sayHints(plan.hints, this);
    const machines = declareMachines(name, args, plan, this);
    declareOnHosts(name, plan, machines.labId, machines.hosts, this, env);
    this.lab = knownLab(plan, machines);
    this.registerOutputs({ lab: this.lab });
  }
}

function knownLab(plan: LabPlan, { labId, hosts }: Machines): pulumi.Output<LabOutput> {
  const facts = pulumi.all([...hosts.values()].map((host) => host.facts));
  return pulumi.all([labId, facts]).apply(([id, known]) => labOutput(plan, id, known));
}
