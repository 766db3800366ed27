/** The seed disk of a machine: its keys and its network, as cloud-init reads them. */
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { Ed25519KeyPair, LOGIN_KEY_INFO, deriveSeed, ed25519FromSeed, hostKeyInfo } from "../../plan/keys";
import { MachineImageArgs } from "../image/component";
import { clearsOrphans } from "../libvirt/orphans";
import { child, libvirtName } from "../naming";
import { secretBytes } from "../secret";
import { Seed, SeedInput, renderSeed } from "./seed";
import { UNDERLAY } from "../underlay/spec";

/** What a machine's seed disk is made of. */
export interface SeededMachine {
  labId: pulumi.Input<string>;
  /** Host name. */
  host: string;
  /** With prefix length. */
  address: pulumi.Input<string>;
  gateway?: pulumi.Input<string>;
  nameservers?: pulumi.Input<pulumi.Input<string>[]>;
  mac: pulumi.Input<string>;
  mtu?: pulumi.Input<number>;
  image: pulumi.Input<MachineImageArgs>;
  libvirtUri?: string;
}

/** The keys of a machine, computed from one secret. */
export interface HostKeys {
  host: pulumi.Output<Ed25519KeyPair>;
  login: pulumi.Output<Ed25519KeyPair>;
}

/** @param given 32 bytes, base64. @default new ones, kept in the state */
export function hostKeys(
  name: string,
  host: string,
  given: pulumi.Input<string> | undefined,
  parent: pulumi.Resource,
): HostKeys {
  const secret = pulumi.secret(given ?? secretBytes(child(name, "secret"), parent));
  const key = (info: string) =>
    secret.apply((s) => ed25519FromSeed(deriveSeed(Buffer.from(s, "base64"), info)));
  return { host: key(hostKeyInfo(host)), login: key(LOGIN_KEY_INFO) };
}

export function seedDisk(
  name: string,
  machine: SeededMachine,
  keys: HostKeys,
  parent: pulumi.Resource,
): libvirt.CloudinitDisk {
  const { host, labId } = machine;
  const seed = seedOf(machine, keys);
  // The name contains a hash of the content: a changed content makes a new volume, and so a new machine.
  const hash = pulumi.unsecret(seed.apply(seedHash));
  return new libvirt.CloudinitDisk(
    child(name, "seed"),
    {
      name: libvirtName(labId, pulumi.interpolate`${host}-seed-${hash}.iso`),
      pool: pulumi.output(machine.image).pool,
      userData: seed.userData,
      metaData: pulumi.unsecret(seed.metaData),
      networkConfig: pulumi.unsecret(seed.networkConfig),
    },
    {
      parent,
      deleteBeforeReplace: true,
      hooks: clearsOrphans(child(name, "seed"), machine.libvirtUri),
    },
  );
}

function seedOf(machine: SeededMachine, keys: HostKeys): pulumi.Output<Seed> {
  const { host, address, gateway, nameservers, mac, mtu } = machine;
  return pulumi
    .all([address, gateway, nameservers, mac, mtu, keys.host, keys.login])
    .apply(([address, gateway, nameservers, mac, mtu, hostKey, login]) =>
      renderSeed({
        ...split(address),
        host,
        gateway,
        nameservers: nameservers ?? [],
        mac,
        mtu: mtu ?? UNDERLAY.mtu.default,
        hostKey,
        loginKey: login.publicKeyLine,
      }),
    );
}

function split(address: string): Pick<SeedInput, "address" | "prefix"> {
  const [ip = "", prefix = "24"] = address.split("/");
  return { address: ip, prefix: Number(prefix) };
}

function seedHash(seed: Seed): string {
  return createHash("sha256").update(JSON.stringify(seed)).digest("hex").slice(0, 8);
}
