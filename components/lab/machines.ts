/** The lower half of a lab: what carries it. Used by VxlanLab and VxlanUnderlay, whose children these resources are. */
import * as pulumi from "@pulumi/pulumi";
import { SINGLE_UNDERLAY } from "../underlay/resolve";
import * as random from "@pulumi/random";
import type { DeployedFacts } from "../../plan/lab-output";
import { memoized } from "../../plan/memoized";
import { pathOf } from "../../plan/rules";
import { Accel, UnderlayMode } from "../../plan/types";
import type { ExistingHostPlan, HostPlan, LabPlan, MachinePlan, UnderlayPlan } from "../../plan/types";
import { EXISTING_MACHINE } from "../../plan/vteps";
import { ExistingHost, loginKey } from "../host/existing-host.component";
import { GuestImage } from "../image/component";
import { LabImageArgs, imageFiles } from "../image/files.component";
import { chooseAccel, chooseCodeCache, chooseUri } from "../libvirt/choices";
import { Hypervisor, answering, hypervisor } from "../libvirt/hypervisor";
import { KvmHost } from "../host/kvm-host.component";
import { child } from "../naming";
import { needSeedTool } from "../libvirt/programs";
import { secretBytes } from "../secret";
import { UnderlayNetwork } from "../underlay/component";
import type { WireguardKeys } from "../encryption/keys.component";
import { keysOf } from "./encryption";
import type { LabHost } from "./parts";

/**
 * How the machines of a lab are made.
 *
 * @example
 * ```ts
 * const args: MachinesArgs = { libvirtUri: "qemu+ssh://root@hypervisor/system", accel: Accel.Kvm };
 * ```
 */
export interface MachinesArgs {
  /**
   * Files that the machines boot from. @default those of the topology's `image`: the package's own image is found in
   * `$VXLAB_CACHE/image` (`~/.cache/vxlab/image`) and built by an `up` when it is missing
   */
  image?: LabImageArgs;
  /**
   * Computed MAC addresses, and VNIs of service chains, are hashes of it: labs that reach each other must have different ones. A change for
   * a deployed lab changes all of these addresses, and rebuilds its machines. @default the resource's name
   */
  identity?: string;
  /** The hypervisor's connection URI. @default `$VXLAB_LIBVIRT_URI`, else "qemu:///system" */
  libvirtUri?: string;
  /** What executes the machines' instructions. @default KVM where it truly works, else QEMU's emulation */
  accel?: Accel;
  /**
   * QEMU's cache of translated code when it emulates, MiB; needs xsltproc where Pulumi runs. QEMU empties a full cache completely; a large
   * one makes a reboot take minutes. @default 256 where there is xsltproc
   */
  codeCache?: number;
  /** Longest wait for a machine's SSH to answer, seconds. @default 600 */
  bootTimeout?: number;
}

/** A host of the plan with its resource. */
export interface DeclaredHost {
  plan: HostPlan;
  host: LabHost;
  /** For stack outputs. */
  facts: pulumi.Output<DeployedFacts>;
  /** A text that differs for each machine of the host. */
  identity: pulumi.Output<string>;
  /** Of a host that encrypts. */
  keys?: WireguardKeys | undefined;
}

export interface DeclaredHosts {
  labId: pulumi.Output<string>;
  /** In the order of the plan. */
  hosts: DeclaredHost[];
}

/**
 * Declares networks, images and machines of a plan, and the checks of the hosts that exist already.
 *
 * @throws before anything is declared: ProgramError when a program is missing here that machines need, Error when the image has to
 * be built and only root can do that
 */
export function declareMachines(
  name: string,
  args: MachinesArgs,
  plan: LabPlan,
  parent: pulumi.Resource,
): DeclaredHosts {
  if (plan.hosts.some(({ kind }) => kind === "machine")) needSeedTool();
  const image = plan.underlays.length === 0 ? undefined : (args.image ?? imageFiles(plan.image));
  const id = new random.RandomId(child(name, "id"), { byteLength: 4 }, { parent }).hex;
  const hasKeys = plan.underlays.length > 0 || plan.hosts.some(({ encryption }) => encryption !== undefined);
  const secret = hasKeys ? secretBytes(child(name, "secret"), parent) : undefined;
  const hypervisorOf = hypervisors(name, args, parent);
  const all = [...new Set(plan.underlays.map(hypervisorOf))];
  const ready = answering(all);
  // Whatever is made on a hypervisor has the id in its name, and so waits until all have answered.
  const labId = pulumi.all([id, ready]).apply(([hex]) => hex);
  const imageOn = memoized((on: Hypervisor) => guestImage(on, image, labId, parent));
  all.forEach(imageOn);
  const shared: Shared = { name, args, parent, labId, ready, secret };
  const networkOf = memoized((underlay: UnderlayPlan): Network => {
    const on = hypervisorOf(underlay);
    return { ...underlayNetwork(underlay, on, shared), image: imageOn(on) };
  });
  plan.underlays.forEach(networkOf);
  const hosts = plan.hosts.map((host) => {
    const self = child(name, host.name);
    const declared =
      host.kind === "existing"
        ? existing(self, host, shared)
        : machine(self, host, networkOf(host.underlay), shared);
    return { ...declared, keys: keysOf(host, secret) };
  });
  return { labId, hosts };
}

/** By host name. */
export function hostsOf({ hosts }: DeclaredHosts): Record<string, LabHost> {
  return Object.fromEntries(hosts.map(({ plan, host }) => [plan.name, host]));
}

interface Shared {
  name: string;
  args: MachinesArgs;
  parent: pulumi.Resource;
  labId: pulumi.Output<string>;
  /** Known when every hypervisor has answered. */
  ready: pulumi.Output<void>;
  secret: pulumi.Output<string> | undefined;
}

/** An underlay with what its machines are made of. */
interface Network {
  network: UnderlayNetwork;
  image: GuestImage;
  libvirtUri: string;
  opts: pulumi.ComponentResourceOptions;
}

function underlayNetwork(plan: UnderlayPlan, { uri, provider }: Hypervisor, { name, parent, labId }: Shared) {
  const opts = { parent, providers: [provider] };
  const network = new UnderlayNetwork(child(name, plan.name), networkArgs(plan, labId, uri), opts);
  return { network, libvirtUri: uri, opts };
}

/** The default name is left unset, so that existing stacks show no diff. */
function networkArgs(plan: UnderlayPlan, labId: pulumi.Output<string>, libvirtUri: string) {
  const { name, cidr, prefix, gateway, mtu, mode } = plan;
  const usual = name === SINGLE_UNDERLAY ? {} : { network: name };
  return { labId, libvirtUri, cidr, prefix, gateway, mtu, mode, ...usual };
}

/** The hypervisor of underlays that name none. */
export function labUri({ libvirtUri }: MachinesArgs): string {
  return libvirtUri ?? chooseUri(undefined);
}

/** One for each URI. It is named after the first underlay on it, unless it is the lab's own. */
function hypervisors(
  name: string,
  args: MachinesArgs,
  parent: pulumi.Resource,
): (underlay: UnderlayPlan) => Hypervisor {
  const usual = labUri(args);
  const uriOn = (underlay: UnderlayPlan) => underlay.libvirtUri ?? usual;
  return memoized((underlay) => {
    const uri = uriOn(underlay);
    const self = uri === usual ? name : child(name, underlay.name);
    const path = underlay.libvirtUri === undefined ? [] : ["underlays", underlay.name];
    return hypervisor(self, uri, pathOf(...path, "libvirtUri"), parent);
  }, uriOn);
}

function guestImage(
  { name, uri, provider }: Hypervisor,
  files: LabImageArgs | undefined,
  labId: pulumi.Output<string>,
  parent: pulumi.Resource,
): GuestImage {
  const args = { labId, libvirtUri: uri, ...files };
  return new GuestImage(child(name, "image"), args, { parent, providers: [provider] });
}

function machine(
  name: string,
  plan: MachinePlan,
  { network, image, libvirtUri, opts }: Network,
  { args, labId, secret }: Shared,
): DeclaredHost {
  const { name: hostName, address, mac, memory, vcpus, underlay } = plan;
  const { prefix, mode, gateway, nameservers, mtu } = underlay;
  const accel = chooseAccel(underlay.accel ?? args.accel, libvirtUri);
  const host = new KvmHost(
    name,
    {
      labId,
      hostName,
      address: `${address}/${prefix}`,
      gateway: mode === UnderlayMode.Isolated ? undefined : gateway,
      nameservers: nameservers.length === 0 ? undefined : nameservers,
      mac,
      mtu,
      networkId: network.networkId,
      image: image.image,
      memory,
      vcpus,
      accel,
      codeCache: accel === Accel.Emulated ? (args.codeCache ?? chooseCodeCache()) : undefined,
      secret,
      bootTimeout: args.bootTimeout,
      libvirtUri,
    },
    opts,
  );
  const { hostKey, domain } = host;
  const facts = pulumi.all([hostKey, domain.name]).apply(([key, name]) => ({ hostKey: key, domain: name }));
  return { plan, host, facts, identity: domain.id };
}

function existing(name: string, plan: ExistingHostPlan, { parent, ready, labId }: Shared): DeclaredHost {
  const { address, existing, ports, encryption } = plan;
  const { sshAddress, port, user, hostKey, keyFile, mtu, needs } = existing;
  // The VTEPs that it sends to.
  const remotes = ports.flatMap((one) => one.remotes.map((remote) => remote.address));
  const peers = [...new Set(encryption?.peers.map(({ vtep }) => vtep) ?? remotes)].sort();
  const host = new ExistingHost(
    name,
    {
      address,
      sshAddress,
      port,
      user,
      hostKey: ready.apply(() => hostKey),
      privateKey: loginKey(keyFile),
      mtu,
      ...(peers.length === 0 ? {} : { peers }),
      needs: needs.length === 0 ? undefined : needs,
      labId,
    },
    { parent },
  );
  const facts = host.hostKey.apply((key) => ({ hostKey: key }));
  return { plan, host, facts, identity: pulumi.output(EXISTING_MACHINE) };
}
