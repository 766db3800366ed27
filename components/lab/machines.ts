/** The lower half of a lab: what carries it. Used by VxlanLab and VxlanUnderlay, whose children these resources are. */
import * as pulumi from "@pulumi/pulumi";
import { SINGLE_UNDERLAY } from "../underlay/resolve";
import * as random from "@pulumi/random";
import type { HostFacts } from "../../plan/contract";
import { pathOf } from "../../plan/rules";
import { Accel, ExistingHostPlan, LabPlan, MachinePlan, UnderlayMode, UnderlayPlan } from "../../plan/types";
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
import type { LabHost } from "./parts";

/** How the machines of a lab are made. */
export interface MachinesArgs {
  /**
   * Files that the machines boot from. @default those of the topology's `image`: the package's own image is found in
   * `$VXLAB_CACHE/image` (`~/.cache/vxlab/image`) and built by an `up` when it is missing
   */
  image?: LabImageArgs;
  /** The hypervisor's connection URI. @default `$VXLAB_LIBVIRT_URI`, else "qemu:///system" */
  libvirtUri?: string;
  /** What executes the machines' instructions. @default KVM where it truly works, else QEMU's emulation */
  accel?: Accel;
  /**
   * QEMU's cache of translated code when it emulates, MiB; needs xsltproc where Pulumi runs. A full one is dropped as a
   * whole, a large one makes a reboot last minutes. @default 256 where there is xsltproc
   */
  codeCache?: number;
  /** Longest wait for a machine's SSH to answer, seconds. @default 600 */
  bootTimeout?: number;
}

/** A host, wherever it comes from. */
export interface Machine {
  host: LabHost;
  /** What stack outputs tell of it. */
  facts: pulumi.Output<HostFacts>;
  /** Another text as soon as the machine is another. */
  identity: pulumi.Output<string>;
}

export interface Machines {
  labId: pulumi.Output<string>;
  /** By host name, in the order of the plan. */
  hosts: ReadonlyMap<string, Machine>;
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
): Machines {
  if (plan.hosts.some(({ existing }) => existing === undefined)) needSeedTool();
  const image = plan.underlays.length === 0 ? undefined : (args.image ?? imageFiles(plan.image));
  const id = new random.RandomId(child(name, "id"), { byteLength: 4 }, { parent }).hex;
  const secret = plan.underlays.length === 0 ? undefined : secretBytes(child(name, "secret"), parent);
  const ways = hypervisors(name, args, plan, parent);
  const ready = answering([...ways.values()]);
  // Whatever is made on a hypervisor has the id in its name, and so waits until all have answered.
  const labId = pulumi.all([id, ready]).apply(([hex]) => hex);
  const sites = new Map([...ways].map(([uri, way]) => [uri, siteOn(way, image, labId, parent)]));
  const shared: Shared = { name, args, parent, labId, ready, secret, sites };
  const networks = new Map(plan.underlays.map((one) => [one.name, network(one, shared)]));
  const hosts = plan.hosts.map((host): [string, Machine] => {
    const self = child(name, host.name);
    return [host.name, host.existing ? existing(self, host, shared) : ours(self, host, networks, shared)];
  });
  return { labId, hosts: new Map(hosts) };
}

/** By host name. */
export function hostsOf({ hosts }: Machines): Record<string, LabHost> {
  return Object.fromEntries([...hosts].map(([name, { host }]) => [name, host]));
}

interface Shared {
  name: string;
  args: MachinesArgs;
  parent: pulumi.Resource;
  labId: pulumi.Output<string>;
  /** Known when every hypervisor has answered. */
  ready: pulumi.Output<void>;
  secret: pulumi.Output<string> | undefined;
  /** By the hypervisor's URI. */
  sites: Map<string, Site>;
}

/** What all machines of one hypervisor share. */
interface Site {
  uri: string;
  image: GuestImage;
  opts: pulumi.ComponentResourceOptions;
}

interface Network {
  plan: UnderlayPlan;
  site: Site;
  network: UnderlayNetwork;
}

function network(plan: UnderlayPlan, shared: Shared): Network {
  const { name, labId } = shared;
  const site = shared.sites.get(uriOf(plan, shared.args));
  if (site === undefined) throw new Error(`underlay ${plan.name} is on no hypervisor`);
  const made = new UnderlayNetwork(child(name, plan.name), networkArgs(plan, labId, site.uri), site.opts);
  return { plan, site, network: made };
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

function uriOf({ libvirtUri }: UnderlayPlan, args: MachinesArgs): string {
  return libvirtUri ?? labUri(args);
}

/** By URI. Each is named after the first underlay on it, unless it is the lab's own. */
function hypervisors(
  name: string,
  args: MachinesArgs,
  { underlays }: LabPlan,
  parent: pulumi.Resource,
): ReadonlyMap<string, Hypervisor> {
  const usual = labUri(args);
  const found = new Map<string, Hypervisor>();
  for (const underlay of underlays) {
    const uri = uriOf(underlay, args);
    if (found.has(uri)) continue;
    const self = uri === usual ? name : child(name, underlay.name);
    const path = underlay.libvirtUri === undefined ? [] : ["underlays", underlay.name];
    found.set(uri, hypervisor(self, uri, pathOf(...path, "libvirtUri"), parent));
  }
  return found;
}

function siteOn(
  { name, uri, provider }: Hypervisor,
  files: LabImageArgs | undefined,
  labId: pulumi.Output<string>,
  parent: pulumi.Resource,
): Site {
  const opts = { parent, providers: [provider] };
  const image = new GuestImage(child(name, "image"), { labId, libvirtUri: uri, ...files }, opts);
  return { uri, image, opts };
}

function ours(
  name: string,
  host: MachinePlan,
  networks: ReadonlyMap<string, Network>,
  { args, labId, secret }: Shared,
): Machine {
  const on = networks.get(host.underlay);
  if (on === undefined) throw new Error(`the plan puts host ${host.name} on no underlay`);
  const { prefix, mode, gateway, nameservers, mtu } = on.plan;
  const accel = chooseAccel(on.plan.accel ?? args.accel, on.site.uri);
  const machine = new KvmHost(
    name,
    {
      labId,
      hostName: host.name,
      address: `${host.address}/${prefix}`,
      gateway: mode === UnderlayMode.Isolated ? undefined : gateway,
      nameservers: nameservers.length === 0 ? undefined : nameservers,
      mac: host.mac,
      mtu,
      networkId: on.network.networkId,
      image: on.site.image.image,
      memory: host.memory,
      vcpus: host.vcpus,
      accel,
      codeCache: accel === Accel.Emulated ? (args.codeCache ?? chooseCodeCache()) : undefined,
      secret,
      bootTimeout: args.bootTimeout,
      libvirtUri: on.site.uri,
    },
    on.site.opts,
  );
  const { hostKey, domain } = machine;
  const facts = pulumi.all([hostKey, domain.name]).apply(([key, name]) => ({ hostKey: key, domain: name }));
  return { host: machine, facts, identity: domain.id };
}

function existing(
  name: string,
  { address, existing, ports }: ExistingHostPlan,
  { parent, ready, labId }: Shared,
): Machine {
  const { sshAddress, port, user, hostKey, keyFile, mtu, needs } = existing;
  const peers = [...new Set(ports.flatMap(({ remotes }) => remotes.map((remote) => remote.address)))].sort();
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
  return { host, facts, identity: pulumi.output(EXISTING_MACHINE) };
}
