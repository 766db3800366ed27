import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { LabOutput, labOutput } from "../plan/contract";
import { planLab } from "../plan/plan";
import {
  Accel,
  ContainerPlan,
  HostPlan,
  InterfacePlan,
  LabPlan,
  Topology,
  UnderlayMode,
  UnderlayPlan,
} from "../plan/types";
import { GuestImage, GuestImageArgs } from "./guest-image";
import { KvmHost } from "./kvm-host";
import { LxcContainer, LxcContainerArgs } from "./lxc-container";
import { child, token } from "./naming";
import { OvsBridge } from "./ovs-bridge";
import { secretBytes } from "./secret";
import { SegmentService } from "./segment-service";
import { UnderlayNetwork } from "./underlay-network";
import { VxlanPort } from "./vxlan-port";

export interface VxlanLabArgs {
  /** What the lab is made of; checked as a whole before the first resource is declared. */
  topology: Topology;
  /** Files that the machines boot from. */
  image: LabImageArgs;
  /** The hypervisor's connection URI. @default "qemu:///system" */
  libvirtUri?: string;
  /** What executes the machines' instructions. @default Accel.Kvm */
  accel?: Accel;
  /** Longest wait for a machine's SSH to answer, seconds. @default 600 */
  bootTimeout?: number;
}

/** Files of a guest image, where Pulumi runs. */
export interface LabImageArgs {
  /** Identity of the image: a change rebuilds the machines. */
  version: string;
  root: string;
  kernel?: string;
  initrd?: string;
  cmdline?: string;
}

/**
 * A whole lab on one hypervisor: the underlay, a machine for each host, in it a bridge, a VXLAN port for each segment,
 * and the containers.
 *
 * @throws TopologyError with every problem of the topology, before anything is declared
 */
export class VxlanLab extends pulumi.ComponentResource {
  /** The lab as the contract plan/contract.ts describes it; no secrets. */
  public readonly lab: pulumi.Output<LabOutput>;

  constructor(name: string, args: VxlanLabArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token("VxlanLab"), name, { topology: args.topology }, opts);
    const plan = planLab(args.topology, { lab: name });
    const site = this.site(name, args, plan);
    const hosts = plan.hosts.map((host) => this.host(name, host, plan, site));
    this.lab = knownLab(plan, site, hosts);
    this.registerOutputs({ lab: this.lab });
  }

  /** What all hosts share. */
  private site(name: string, args: VxlanLabArgs, plan: LabPlan): Site {
    const uri = args.libvirtUri ?? "qemu:///system";
    const labId = new random.RandomId(child(name, "id"), { byteLength: 4 }, { parent: this }).hex;
    const secret = secretBytes(child(name, "secret"), this);
    const provider = new libvirt.Provider(
      child(name, "libvirt"),
      { uri },
      // The parameterised package reads another version back at its second `up`.
      { parent: this, ignoreChanges: ["version"] },
    );
    const opts = { parent: this, providers: [provider] };
    const shared = { labId, libvirtUri: uri };
    const underlay = new UnderlayNetwork(child(name, "underlay"), { ...shared, ...networkOf(plan) }, opts);
    const image = new GuestImage(
      child(name, "image"),
      { ...shared, ...args.image } satisfies GuestImageArgs,
      opts,
    );
    return { ...shared, opts, secret, underlay, image, accel: args.accel, bootTimeout: args.bootTimeout };
  }

  private host(name: string, plan: HostPlan, lab: LabPlan, site: Site): KvmHost {
    const self = child(name, plan.name);
    const machine = new KvmHost(self, machineArgs(plan, lab, site), site.opts);
    const on = { host: machine.connection, labId: site.labId };
    const opts = { parent: this, ...machine.inside };
    const bridge = new OvsBridge(
      child(self, plan.bridge.name),
      { ...on, bridge: plan.bridge.name, ...plan.bridge },
      opts,
    );
    for (const port of plan.ports) {
      new VxlanPort(
        child(self, port.segment),
        {
          ...on,
          ...port,
          bridge: bridge.bridge,
          local: plan.address,
          remotes: port.remotes.map((r) => r.address),
        },
        opts,
      );
    }
    for (const { segment, ...service } of lab.services.filter((s) => s.host === plan.name)) {
      new SegmentService(
        child(self, `${segment}-service`),
        { ...service, ...on, bridge: bridge.bridge, local: plan.address },
        opts,
      );
    }
    for (const box of lab.containers.filter((c) => c.host === plan.name)) {
      new LxcContainer(child(name, box.name), { ...on, ...containerArgs(box, bridge.bridge) }, opts);
    }
    return machine;
  }
}

interface Site {
  labId: pulumi.Output<string>;
  libvirtUri: string;
  opts: pulumi.ComponentResourceOptions;
  secret: pulumi.Output<string>;
  underlay: UnderlayNetwork;
  image: GuestImage;
  accel?: Accel;
  bootTimeout?: number;
}

function machineArgs(plan: HostPlan, lab: LabPlan, site: Site): ConstructorParameters<typeof KvmHost>[1] {
  const { prefix, mode, gateway, mtu } = underlayOf(lab);
  return {
    labId: site.labId,
    hostName: plan.name,
    address: `${plan.address}/${prefix}`,
    gateway: mode === UnderlayMode.Nat ? gateway : undefined,
    mac: plan.mac,
    mtu,
    networkId: site.underlay.networkId,
    image: site.image.image,
    memory: plan.memory,
    vcpus: plan.vcpus,
    accel: site.accel,
    secret: site.secret,
    bootTimeout: site.bootTimeout,
    libvirtUri: site.libvirtUri,
  };
}

function underlayOf({ underlays: [underlay] }: LabPlan): UnderlayPlan {
  if (underlay === undefined) throw new Error("VxlanLab: a lab without an underlay has no machines of ours");
  return underlay;
}

function networkOf(plan: LabPlan): Pick<UnderlayPlan, "cidr" | "prefix" | "gateway" | "mtu" | "mode"> {
  const { cidr, prefix, gateway, mtu, mode } = underlayOf(plan);
  return { cidr, prefix, gateway, mtu, mode };
}

const tagged = ({ vlan, addresses, mtu }: InterfacePlan["trunk"][number]) => ({ vlan, addresses, mtu });

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

function knownLab(plan: LabPlan, site: Site, machines: KvmHost[]): pulumi.Output<LabOutput> {
  const known = pulumi.all(
    machines.map((m) =>
      pulumi.all([m.hostKey, m.domain.name]).apply(([hostKey, domain]) => ({ hostKey, domain })),
    ),
  );
  return pulumi.all([site.labId, known]).apply(([id, facts]) => labOutput(plan, id, facts));
}
