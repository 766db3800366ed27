import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { Seed, SeedInput, renderSeed } from "./seed";
import { Ed25519KeyPair, LOGIN_KEY_INFO, deriveSeed, ed25519FromSeed, hostKeyInfo } from "../../plan/keys";
import { Accel } from "../../plan/types";
import { domainArgs } from "./domain.component";
import { MachineImageArgs } from "../image/component";
import { HostConnectionArgs } from "../guest-step";
import { child, libvirtName, token } from "../naming";
import { clearsOrphans } from "../libvirt/orphans";
import { needSeedTool } from "../libvirt/programs";
import { secretBytes } from "../secret";

export interface KvmHostArgs {
  /** The lab's id: part of every name in libvirt. */
  labId: pulumi.Input<string>;
  /** Host name. @default the resource's name */
  hostName?: string;
  /** Underlay address and VTEP: an IPv4 or IPv6 literal with prefix length. */
  address: pulumi.Input<string>;
  /** Default route. @default none */
  gateway?: pulumi.Input<string>;
  /** Name servers: addresses that the machine can reach. @default none */
  nameservers?: pulumi.Input<pulumi.Input<string>[]>;
  /** MAC of the underlay interface. */
  mac: pulumi.Input<string>;
  /** MTU of the underlay interface, bytes. @default 1500 */
  mtu?: pulumi.Input<number>;
  /** Id of the libvirt network (`UnderlayNetwork.networkId`). */
  networkId: pulumi.Input<string>;
  /** What it boots (`GuestImage.image`). */
  image: pulumi.Input<MachineImageArgs>;
  /** Memory, MiB. @default 256 */
  memory?: pulumi.Input<number>;
  /** Virtual CPUs. @default 1 */
  vcpus?: pulumi.Input<number>;
  /** What executes the machine's instructions. @default Accel.Kvm */
  accel?: pulumi.Input<Accel>;
  /**
   * QEMU's cache of translated code when it emulates, MiB; needs xsltproc where Pulumi runs. A full one is dropped as a
   * whole, a large one makes a reboot last minutes. @default QEMU's own: up to 1024
   */
  codeCache?: number;
  /** 32 secret bytes, base64, that the host key and the login key are computed from. @default new ones, kept */
  secret?: pulumi.Input<string>;
  /** Longest wait for SSH to answer, seconds. @default 600 */
  bootTimeout?: pulumi.Input<number>;
  /** The hypervisor's URI: lets a failed create be cleared away. @default nothing is cleared */
  libvirtUri?: string;
}

/** No field of the component: each of those is an output in every language, and a resource of libvirt's cannot be one. */
const domains = new WeakMap<KvmHost, libvirt.Domain>();

/**
 * A libvirt machine that answers SSH at a planned address with a planned host key.
 *
 * @throws ProgramError without mkisofs where Pulumi runs
 */
export class KvmHost extends pulumi.ComponentResource {
  /** Underlay address and VTEP, without prefix length. */
  public readonly address: pulumi.Output<string>;
  /** Public SSH host key, one authorized_keys line. */
  public readonly hostKey: pulumi.Output<string>;
  /** Name of the libvirt domain. */
  public readonly domainName: pulumi.Output<string>;
  /** How its guest steps reach it; holds the login key, a secret. */
  public readonly connection: pulumi.Output<HostConnectionArgs>;

  constructor(name: string, args: KvmHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token("KvmHost"), name, { ...args, secret: undefined }, opts);
    needSeedTool();
    const host = args.hostName ?? name;
    const keys = this.keys(name, host, args.secret);
    const seed = this.seed(name, host, args, keys);
    const root = this.root(name, host, args, seed);
    const domain = this.machine(name, host, args, root, seed);
    domains.set(this, domain);
    this.domainName = domain.name;
    this.address = pulumi.output(args.address).apply((address) => address.split("/")[0]);
    this.hostKey = pulumi.unsecret(keys.host.apply((key) => key.publicKeyLine));
    this.connection = this.connect(args, keys);
    this.registerOutputs({ address: this.address, hostKey: this.hostKey, domainName: this.domainName });
  }

  /** The machine: what lives in it is `deletedWith` it. */
  get domain(): libvirt.Domain {
    return domains.get(this) as libvirt.Domain;
  }

  /** Options for whatever lives inside this machine: it goes with it and comes back with it. */
  get inside(): pulumi.ComponentResourceOptions {
    return { deletedWith: this.domain, replaceWith: [this.domain] };
  }

  private keys(name: string, host: string, given?: pulumi.Input<string>): HostKeys {
    const secret = pulumi.secret(given ?? secretBytes(child(name, "secret"), this));
    const key = (info: string) =>
      secret.apply((s) => ed25519FromSeed(deriveSeed(Buffer.from(s, "base64"), info)));
    return { host: key(hostKeyInfo(host)), login: key(LOGIN_KEY_INFO) };
  }

  private seed(name: string, host: string, args: KvmHostArgs, keys: HostKeys): libvirt.CloudinitDisk {
    const seed = pulumi
      .all([args.address, args.gateway, args.nameservers, args.mac, args.mtu, keys.host, keys.login])
      .apply(([address, gateway, nameservers, mac, mtu, hostKey, login]) =>
        renderSeed({
          ...split(address),
          host,
          gateway,
          nameservers: nameservers ?? [],
          mac,
          mtu: mtu ?? 1500,
          hostKey,
          loginKey: login.publicKeyLine,
        }),
      );
    // The content's hash is in the name: a new content makes a new volume, and so a new machine.
    const hash = pulumi.unsecret(seed.apply(seedHash));
    return new libvirt.CloudinitDisk(
      child(name, "seed"),
      {
        name: libvirtName(args.labId, pulumi.interpolate`${host}-seed-${hash}.iso`),
        pool: pulumi.output(args.image).pool,
        userData: seed.userData,
        metaData: pulumi.unsecret(seed.metaData),
        networkConfig: pulumi.unsecret(seed.networkConfig),
      },
      {
        parent: this,
        deleteBeforeReplace: true,
        hooks: clearsOrphans(child(name, "seed"), args.libvirtUri),
      },
    );
  }

  /** Another machine has another disk: from the old one, it would boot with what the old machine was to hold. */
  private root(name: string, host: string, args: KvmHostArgs, seed: libvirt.CloudinitDisk): libvirt.Volume {
    const { memory, vcpu, type, networkInterfaces } = domainArgs(host, args, "", "");
    const image = pulumi.output(args.image);
    return new libvirt.Volume(
      child(name, "root"),
      {
        name: libvirtName(args.labId, `${host}-root`),
        pool: image.pool,
        baseVolumeId: image.rootVolumeId,
        format: "qcow2",
      },
      {
        parent: this,
        deleteBeforeReplace: true,
        // What else replaces the machine, the image aside.
        replacementTrigger: pulumi.output([seed.name, memory, vcpu, type, networkInterfaces]),
        hooks: clearsOrphans(child(name, "root"), args.libvirtUri),
      },
    );
  }

  private machine(
    name: string,
    host: string,
    args: KvmHostArgs,
    root: libvirt.Volume,
    seed: libvirt.CloudinitDisk,
  ): libvirt.Domain {
    const seedVolume = seed.id.apply((id) => id.split(";")[0]);
    return new libvirt.Domain(child(name, "domain"), domainArgs(host, args, root.id, seedVolume), {
      parent: this,
      deleteBeforeReplace: true,
      // 0.8.3 shows these edits as updates and then does nothing (resource_libvirt_domain.go, Update).
      replaceOnChanges: ["disks", "cpu", "kernel", "initrd", "machine", "networkInterfaces", "video"],
      // A volume of the same name is made anew under the machine when its image changes.
      replaceWith: [root, seed],
      // A machine that stands keeps what it was made with.
      ignoreChanges: ["xml"],
      hooks: clearsOrphans(child(name, "domain"), args.libvirtUri),
    });
  }

  private connect(args: KvmHostArgs, keys: HostKeys): pulumi.Output<HostConnectionArgs> {
    return pulumi.output({
      address: this.address,
      hostKey: this.hostKey,
      privateKey: pulumi.secret(keys.login.apply((key) => key.privateKeyOpenSsh)),
      bootTimeout: args.bootTimeout,
      // Not used: makes every step wait for the machine.
      machine: this.domain.id,
    });
  }
}

interface HostKeys {
  host: pulumi.Output<Ed25519KeyPair>;
  login: pulumi.Output<Ed25519KeyPair>;
}

function split(address: string): Pick<SeedInput, "address" | "prefix"> {
  const [ip = "", prefix = "24"] = address.split("/");
  return { address: ip, prefix: Number(prefix) };
}

function seedHash(seed: Seed): string {
  return createHash("sha256").update(JSON.stringify(seed)).digest("hex").slice(0, 8);
}
