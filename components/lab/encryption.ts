/** WireGuard on the hosts of a lab: keys for each host that encrypts, and a device on it. */
import * as pulumi from "@pulumi/pulumi";
import type { EncryptionPlan, HostPlan } from "../../plan/types";
import { HostEncryption } from "../encryption/component";
import { WireguardKeys, wireguardKeys } from "../encryption/keys.component";
import type { HostConnectionArgs } from "../guest-step";
import { child } from "../naming";

/** Undefined for a host that does not encrypt. @param secret the lab's; every lab with such a host has one */
export function keysOf(
  { name, encryption }: HostPlan,
  secret: pulumi.Output<string> | undefined,
): WireguardKeys | undefined {
  if (encryption === undefined || secret === undefined) return undefined;
  return wireguardKeys(secret, name, encryption.keyVersion);
}

/** A host with its keys. */
interface KeyedHost {
  plan: HostPlan;
  keys?: WireguardKeys | undefined;
}

/** Public keys by host name. */
export function publicKeysOf(hosts: readonly KeyedHost[]): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(
    hosts.flatMap(({ plan, keys }) => (keys === undefined ? [] : [[plan.name, keys.publicKey] as const])),
  );
}

interface Placement {
  host: pulumi.Input<HostConnectionArgs>;
  hostName: string;
  labId: pulumi.Input<string>;
  bridge: pulumi.Input<string>;
}

/** @returns the options of the host's ports, which wait for it */
export function declareEncryption(
  name: string,
  { plan, keys }: KeyedHost,
  placement: Placement,
  publicKeys: ReturnType<typeof publicKeysOf>,
  opts: pulumi.ComponentResourceOptions,
): pulumi.ComponentResourceOptions {
  const { encryption } = plan;
  if (encryption === undefined || keys === undefined) return opts;
  const args = {
    ...placement,
    local: plan.address,
    ...deviceArgs(encryption, publicKeys),
    privateKey: keys.privateKey,
  };
  return { ...opts, dependsOn: [new HostEncryption(child(name, encryption.device), args, opts)] };
}

function deviceArgs(
  { device, address, port, mtu, peers }: EncryptionPlan,
  publicKeys: ReturnType<typeof publicKeysOf>,
) {
  return {
    ...{ device, address, port, mtu },
    peers: peers.flatMap(({ publicKey: far, ...peer }) => {
      const publicKey = far ?? publicKeys[peer.host];
      return publicKey === undefined ? [] : [{ ...peer, publicKey }];
    }),
  };
}
