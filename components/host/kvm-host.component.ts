import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { MacKind, computedMac } from "../../plan/mac";
import { Accel } from "../../plan/types";
import { HostConnectionArgs } from "../guest-step";
import { MachineImageArgs, labIdOfImage } from "../image/component";
import { chooseAccel } from "../libvirt/choices";
import { clearsOrphans } from "../libvirt/orphans";
import { needSeedTool } from "../libvirt/programs";
import { child, libvirtName, stackIdentity, token } from "../naming";
import { setContext } from "./context.component";
import { DomainParts, MachineShape, domainArgs } from "./domain.component";
import { hostKeys, seedDisk } from "./seed-disk.component";

/**
 * A machine as a program asks for it.
 *
 * @example
 * ```ts
 * const { image } = new GuestImage("image", { labId: "e0a1" });
 * const args: KvmHostArgs = { address: "192.168.10.11/24", networkId: "…", image };
 * ```
 */
export interface KvmHostArgs extends MachineShape {
  /** The lab's id: part of every name in libvirt. @default the image's (`GuestImage`) */
  labId?: pulumi.Input<string>;
  /** Host name. @default the resource's name */
  hostName?: string;
  /** Underlay address and VTEP: an IPv4 or IPv6 literal with prefix length. */
  address: pulumi.Input<string>;
  /** Default route. @default none */
  gateway?: pulumi.Input<string>;
  /** Name servers: addresses that the machine can reach. @default none */
  nameservers?: pulumi.Input<pulumi.Input<string>[]>;
  /** MAC of the underlay interface. @default computed from organization, project, stack and host name */
  mac?: pulumi.Input<string>;
  /** MTU of the underlay interface, bytes. @default 1500 */
  mtu?: pulumi.Input<number>;
  /** What it boots (`GuestImage.image`). */
  image: pulumi.Input<MachineImageArgs>;
  /** 32 secret bytes, base64, that the host key and the login key are computed from. @default new ones, kept */
  secret?: pulumi.Input<string>;
  /** Longest wait for SSH to answer, seconds. @default 600 */
  bootTimeout?: pulumi.Input<number>;
  /**
   * The hypervisor's URI: lets a failed create be cleared away. @default nothing is cleared, and `accel` is chosen for the
   * machine where Pulumi runs
   */
  libvirtUri?: string;
}

/** Not a field of the component: each field is an output in every language, and a libvirt resource cannot be one. */
const domains = new WeakMap<KvmHost, libvirt.Domain>();
/** Not a field either, so that the keys are not in the state twice. */
const loginKeys = new WeakMap<KvmHost, pulumi.Output<string>>();

/**
 * A libvirt machine that answers SSH at a planned address with a planned host key.
 *
 * @throws ProgramError without mkisofs where Pulumi runs
 * @example
 * ```ts
 * const network = new UnderlayNetwork("underlay", { labId: "e0a1", cidr: "192.168.10.0/24" });
 * const { image } = new GuestImage("image", { labId: "e0a1" });
 * const kvm1 = new KvmHost("kvm1", { address: "192.168.10.11/24", networkId: network.networkId, image });
 * const { bridge } = new OvsBridge("kvm1-vxbr", { host: kvm1 });
 * ```
 */
export class KvmHost extends pulumi.ComponentResource implements HostConnectionArgs {
  /** Underlay address and VTEP, without prefix length. */
  public readonly address: pulumi.Output<string>;
  /** Public SSH host key, one authorized_keys line. */
  public readonly hostKey: pulumi.Output<string>;
  /** Name of the libvirt domain. */
  public readonly domainName: pulumi.Output<string>;
  /** How its guest steps reach it; holds the login key, a secret. */
  public readonly connection: pulumi.Output<HostConnectionArgs>;

  constructor(name: string, args: KvmHostArgs, opts?: pulumi.ComponentResourceOptions) {
    const machine = machineOf(name, args);
    const { labId, mac, accel } = machine;
    super(token("KvmHost"), name, { ...args, labId, mac, accel, secret: undefined }, opts);
    needSeedTool();
    const keys = hostKeys(name, machine.host, args.secret, this);
    const seed = seedDisk(name, machine, keys, this);
    const root = rootDisk(name, machine, seed, this);
    const domain = domainOf(name, machine, root, seed, this);
    domains.set(this, domain);
    loginKeys.set(this, pulumi.secret(keys.login.apply((key) => key.privateKeyOpenSsh)));
    this.domainName = domain.name;
    this.address = pulumi.output(args.address).apply((address) => address.split("/")[0]);
    this.hostKey = pulumi.unsecret(keys.host.apply((key) => key.publicKeyLine));
    this.connection = pulumi.output({
      address: this.address,
      hostKey: this.hostKey,
      privateKey: this.privateKey,
      bootTimeout: args.bootTimeout,
      labId,
      // Not used: makes every step wait for the machine.
      machine: domain.id,
    });
    const { connection, inside } = this;
    setContext(this, { connection, hostName: machine.host, labId, inside });
    this.registerOutputs({ address: this.address, hostKey: this.hostKey, domainName: this.domainName });
  }

  /** OpenSSH private key that the machine lets in as root; a secret. */
  get privateKey(): pulumi.Output<string> {
    return loginKeys.get(this) as pulumi.Output<string>;
  }

  /** The machine: resources in it are `deletedWith` it. */
  get domain(): libvirt.Domain {
    return domains.get(this) as libvirt.Domain;
  }

  /**
   * Options for resources inside this machine: they are deleted and created again with it. Resources that have the machine as their `host`
   * have these options already.
   */
  get inside(): pulumi.ComponentResourceOptions {
    return { deletedWith: this.domain, replaceWith: [this.domain] };
  }
}

/** A program's arguments of a machine, completed. */
type CompleteMachine = KvmHostArgs & {
  labId: pulumi.Input<string>;
  host: string;
  mac: pulumi.Input<string>;
  accel: pulumi.Input<Accel>;
};

function machineOf(name: string, args: KvmHostArgs): CompleteMachine {
  const host = args.hostName ?? name;
  return {
    ...args,
    host,
    labId: args.labId ?? labIdOfImage(name, args.image),
    mac: args.mac ?? computedMac(stackIdentity(), MacKind.Machine, host),
    accel: args.accel ?? chooseAccel(undefined, args.libvirtUri ?? "qemu:///system"),
  };
}

/** A replaced machine needs a new disk: the old one holds what the previous machine wrote. */
function rootDisk(
  name: string,
  machine: CompleteMachine,
  seed: libvirt.CloudinitDisk,
  parent: pulumi.Resource,
): libvirt.Volume {
  const { memory, vcpu, type, networkInterfaces } = domainArgs(machine, partsOf(machine, "", ""));
  const image = pulumi.output(machine.image);
  return new libvirt.Volume(
    child(name, "root"),
    {
      name: libvirtName(machine.labId, `${machine.host}-root`),
      pool: image.pool,
      baseVolumeId: image.rootVolumeId,
      format: "qcow2",
    },
    {
      parent,
      deleteBeforeReplace: true,
      // Other changes that replace the machine, besides the image.
      replacementTrigger: pulumi.output([seed.name, memory, vcpu, type, networkInterfaces]),
      hooks: clearsOrphans(child(name, "root"), machine.libvirtUri),
    },
  );
}

function domainOf(
  name: string,
  machine: CompleteMachine,
  root: libvirt.Volume,
  seed: libvirt.CloudinitDisk,
  parent: pulumi.Resource,
): libvirt.Domain {
  const seedVolume = seed.id.apply((id) => id.split(";")[0]);
  const parts = partsOf(machine, root.id, seedVolume);
  return new libvirt.Domain(child(name, "domain"), domainArgs(machine, parts), {
    parent,
    deleteBeforeReplace: true,
    // 0.8.3 shows these edits as updates and then does nothing (resource_libvirt_domain.go, Update).
    replaceOnChanges: ["disks", "cpu", "kernel", "initrd", "machine", "networkInterfaces", "video"],
    // When its image changes, the volume under the machine is recreated with the same name.
    replaceWith: [root, seed],
    // A deployed machine keeps the values that it was created with.
    ignoreChanges: ["xml", "autostart"],
    hooks: clearsOrphans(child(name, "domain"), machine.libvirtUri),
  });
}

function partsOf(
  machine: CompleteMachine,
  root: pulumi.Input<string>,
  seed: pulumi.Input<string>,
): DomainParts {
  const { host, labId, mac, accel, image } = machine;
  return { name: libvirtName(labId, host), mac, accel, image, root, seed };
}
