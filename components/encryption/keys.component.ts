/** Keys of WireGuard as outputs. */
import * as pulumi from "@pulumi/pulumi";
import { deriveSeed, wireguardFromSeed, wireguardKeyInfo } from "../../plan/keys";

/**
 * The keys of a host.
 *
 * @example
 * ```ts
 * const { publicKey }: WireguardKeys = wireguardKeys(secret, "kvm1");
 * ```
 */
export interface WireguardKeys {
  /** A secret. */
  privateKey: pulumi.Output<string>;
  publicKey: pulumi.Output<string>;
}

/**
 * The keys of a host, computed from a secret: HKDF (RFC 5869), then X25519 (RFC 7748).
 *
 * @param secret 32 secret bytes, base64
 * @param version another one gives other keys
 * @example
 * ```ts
 * const { privateKey, publicKey } = wireguardKeys(secret, "kvm1");
 * ```
 */
export function wireguardKeys(secret: pulumi.Input<string>, host: string, version = 1): WireguardKeys {
  const pair = pulumi
    .secret(secret)
    .apply((bytes) =>
      wireguardFromSeed(deriveSeed(Buffer.from(bytes, "base64"), wireguardKeyInfo(host, version))),
    );
  return {
    privateKey: pair.apply(({ privateKey }) => privateKey),
    publicKey: pulumi.unsecret(pair.apply(({ publicKey }) => publicKey)),
  };
}
