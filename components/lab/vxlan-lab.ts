import * as pulumi from "@pulumi/pulumi";
import { PublishedLab } from "../../plan/contract";
import { hostOutput, labOutput } from "../../plan/lab-output";
import { planLab } from "../../plan/plan";
import { publishedLab } from "../../plan/published-lab";
import { LabPlan, Topology } from "../../plan/types";
import type { OvsBridge } from "../bridge/component";
import type { Connectivity } from "../connectivity/component";
import { ContainerVariables } from "../container/variables.component";
import type { Impairment } from "../impairment/component";
import { token } from "../naming";
import { withoutContents } from "../container/content.component";
import { publicKeysOf } from "./encryption";
import { sayHints } from "./hints";
import { DeclaredHosts, MachinesArgs, declareMachines, hostsOf, labUri } from "./machines";
import { declareOnHosts } from "./on-hosts";
import { partsOf, setParts } from "./known";
import type { LabContainer, LabHost, LabSegment } from "./parts";
import { afterSections } from "./sections";

/**
 * A whole lab as a program asks for it.
 *
 * @example
 * ```ts
 * const args: VxlanLabArgs = { topology: { hosts: { kvm1: { address: "192.168.10.11" } } } };
 * ```
 */
export interface VxlanLabArgs extends MachinesArgs {
  /**
   * What the lab is made of; checked as a whole before the first resource is declared. Sections that a lab does not need may be
   * left out.
   */
  topology: Partial<Topology>;
  /**
   * Environment variables of Docker containers, by container and name, beside those in the topology. A secret value stays
   * one. @default none
   */
  env?: Record<string, ContainerVariables>;
}

/**
 * A whole lab: the underlay, a machine for each host, in it a bridge, a VXLAN port for each segment, and the containers.
 * `VxlanUnderlay` and `VxlanOverlay` are the two halves of it.
 *
 * @throws TopologyError with every problem of the topology, before anything is declared
 * @example
 * ```ts
 * const demo = new VxlanLab("demo", {
 *   topology: {
 *     hosts: { kvm1: { address: "192.168.10.11" }, kvm2: { address: "192.168.10.12" } },
 *     segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
 *     containers: { c1: { host: "kvm1" }, c2: { host: "kvm2" } },
 *   },
 * });
 * new VxlanPort("blue", { host: demo.hosts.kvm1, bridge: demo.bridges.kvm1.bridge, vni: 200, remotes: [] });
 * ```
 */
export class VxlanLab extends pulumi.ComponentResource {
  /** The lab as the contract plan/contract.ts describes it, keyed by name; no secrets. */
  public readonly lab: pulumi.Output<PublishedLab>;

  constructor(name: string, args: VxlanLabArgs, opts?: pulumi.ComponentResourceOptions) {
    const { topology, env } = args;
    super(
      token("VxlanLab"),
      name,
      { topology: withoutContents(topology), ...(env === undefined ? {} : { env }) },
      opts,
    );
    const plan = planLab(topology, { lab: args.identity ?? name, libvirtUri: labUri(args) });
    sayHints(plan.hints, this);
    const machines = declareMachines(name, args, plan, this);
    const hosts = hostsOf(machines);
    const parts = declareOnHosts(name, plan, machines.labId, machines.hosts, this, env);
    setParts(this, { ...parts, hosts });
    const lab = knownLab(plan, machines);
    this.lab = afterSections(lab, parts);
    // Registered even when a check fails: the commands that find the cause need it.
    this.registerOutputs({ lab });
  }

  /** By host name. TypeScript only: other languages find addresses in `lab`. */
  get hosts(): Readonly<Record<string, LabHost>> {
    return partsOf(this).hosts;
  }

  /** By host name: whatever waits for one finds the guest tools on the host. TypeScript only. */
  get bridges(): Readonly<Record<string, OvsBridge>> {
    return partsOf(this).bridges;
  }

  /** By segment name. TypeScript only. */
  get segments(): Readonly<Record<string, LabSegment>> {
    return partsOf(this).segments;
  }

  /** By container name. TypeScript only. */
  get containers(): Readonly<Record<string, LabContainer>> {
    return partsOf(this).containers;
  }

  /** By name, then by the name of the host. TypeScript only. */
  get impairments(): Readonly<Record<string, Readonly<Record<string, Impairment>>>> {
    return partsOf(this).impairments;
  }

  /** By name. TypeScript only. */
  get checks(): Readonly<Record<string, Connectivity>> {
    return partsOf(this).checks;
  }
}

function knownLab(plan: LabPlan, { labId, hosts }: DeclaredHosts): pulumi.Output<PublishedLab> {
  const keys = pulumi.all(publicKeysOf(hosts));
  const known = pulumi.all(
    hosts.map(({ plan, facts }) =>
      pulumi.all([facts, keys]).apply(([facts, all]) => hostOutput(plan, facts, all)),
    ),
  );
  return pulumi.all([labId, known]).apply(([id, hosts]) => publishedLab(labOutput(plan, id, hosts)));
}
