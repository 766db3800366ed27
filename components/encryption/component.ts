import * as pulumi from "@pulumi/pulumi";
import { wireguardPublicKey } from "../../plan/keys";
import { guestStep, inside } from "../guest-step";
import { MovableArgs, placeOf, vtepOf } from "../host/context.component";
import { token } from "../naming";
import { encryptionState } from "./thing";

/**
 * WireGuard on a host, as a program asks for it.
 *
 * @example
 * ```ts
 * const { privateKey } = wireguardKeys(secret, "kvm1");
 * const args: HostEncryptionArgs = { host: kvm1, bridge, address: "10.255.0.11", privateKey, peers: [] };
 * ```
 */
export interface HostEncryptionArgs extends MovableArgs {
  /** The host's bridge (`OvsBridge.bridge`), whose tunnels are encrypted. */
  bridge: pulumi.Input<string>;
  /** The host's VTEP: the IPv4 literal that its ports have as `local`. No other interface may have it. */
  address: pulumi.Input<string>;
  /** The host's private key (`wireguardKeys`); kept as a secret. */
  privateKey: pulumi.Input<string>;
  /** The hosts that it has tunnels to. It accepts packets from these only. */
  peers: pulumi.Input<pulumi.Input<EncryptionPeerArgs>[]>;
  /** The host's underlay address, which WireGuard sends from. @default the host's `address` */
  local?: pulumi.Input<string>;
  /** Name of the WireGuard device, at most 15 bytes. @default "wg0" */
  device?: pulumi.Input<string>;
  /** UDP port of WireGuard. @default 51820 */
  port?: pulumi.Input<number>;
  /** Largest IP packet that it accepts, bytes. @default that of a default underlay: 1440, over IPv6 1420 */
  mtu?: pulumi.Input<number>;
}

/**
 * The other end of an encrypted tunnel.
 *
 * @example
 * ```ts
 * const { publicKey } = wireguardKeys(secret, "kvm2");
 * const peer: EncryptionPeerArgs = { host: "kvm2", publicKey, address: "10.255.0.12", vtep: "192.168.10.12" };
 * ```
 */
export interface EncryptionPeerArgs {
  /** Name of the host, for previews. @default none */
  host?: pulumi.Input<string>;
  /** Its public key (`wireguardKeys`). */
  publicKey: pulumi.Input<string>;
  /** Its `address`: the only one that it may send from. */
  address: pulumi.Input<string>;
  /** Its underlay address. */
  vtep: pulumi.Input<string>;
  /** UDP port of WireGuard there. @default 51820 */
  port?: pulumi.Input<number>;
}

/**
 * A WireGuard device that a host's tunnels send through: packets to a peer leave the host encrypted, or not at all (docs/encryption.md).
 * Ports use it when their `local` and `remotes` are addresses of such devices.
 *
 * @example
 * ```ts
 * const keys = wireguardKeys(secret, "kvm1");
 * const far = { publicKey: wireguardKeys(secret, "kvm2").publicKey, address: "10.255.0.12", vtep: kvm2.address };
 * const wg = new HostEncryption("kvm1-wg", { host: kvm1, bridge, address: "10.255.0.11", peers: [far], ...keys });
 * new VxlanPort("kvm1-red", { host: kvm1, bridge, vni: 100, local: wg.address, remotes: ["10.255.0.12"], mtu: 1390 });
 * ```
 */
export class HostEncryption extends pulumi.ComponentResource {
  /** The host's VTEP. */
  public readonly address: pulumi.Output<string>;
  /** The host's public key. */
  public readonly publicKey: pulumi.Output<string>;

  constructor(name: string, args: HostEncryptionArgs, opts?: pulumi.ComponentResourceOptions) {
    const { privateKey: given, ...rest } = args;
    const { opts: placed, shown: known, ...place } = placeOf("HostEncryption", name, rest, opts);
    const privateKey = pulumi.secret(given);
    const publicKey = pulumi.unsecret(privateKey.apply(wireguardPublicKey));
    const shown = { ...known, local: args.local ?? vtepOf(args.host), publicKey };
    super(token("HostEncryption"), name, shown, placed);
    const state = pulumi.output(shown).apply(encryptionState);
    const secrets = privateKey.apply((key) => ({ privateKey: key }));
    const step = guestStep(
      name,
      { ...place, kind: "encryption", lab: shown.labId, state, secrets },
      inside(this, placed),
    );
    this.address = pulumi.all([args.address, step.id]).apply(([address]) => address);
    this.publicKey = publicKey;
    this.registerOutputs({ address: this.address, publicKey: this.publicKey });
  }
}
