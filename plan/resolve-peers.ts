/** The hosts of peers and the underlay networks of all stacks, read from the outputs of underlay stacks. */
import { endpointOf } from "../components/encryption/endpoint";
import type { Findings } from "./findings";
import { readAddress, readSubnet } from "./read-address";
import type { Others } from "./resolve";
import type { Remote, RemoteTunnel, ResolvedTunnel, Speaker } from "./resolved";
import { sortedEntries } from "./rules";
import type { VtepEncryptionOutput, VtepsOutput } from "./vteps";

/** An underlay stack that was found, and its outputs. */
export interface UnderlayVteps {
  /** Its name, as it is written in the settings. */
  stack: string;
  vteps: VtepsOutput;
}

/** Invalid entries are reported and left out. */
export function resolvePeers(own: UnderlayVteps, peers: readonly UnderlayVteps[], said: Findings): Others {
  return {
    tunnels: tunnelsOf(own, said),
    peers: peers.flatMap((peer) => remotesOf(peer, said)),
    speakers: peers.flatMap(speakersOf),
    networks: [own, ...peers].flatMap(({ stack, vteps }) =>
      (vteps.networks ?? []).flatMap((got) => said.take(stack, got, readSubnet(got), cureFor(stack)) ?? []),
    ),
  };
}

function remotesOf({ stack, vteps }: UnderlayVteps, said: Findings): Remote[] {
  return sortedEntries(vteps.hosts).flatMap(([name, vtep]): Remote[] => {
    const host = `${stack}/${name}`;
    const read = (got: string) => said.take(host, got, readAddress(got), cureFor(stack));
    const address = read(vtep.address);
    const sshAddress = vtep.ssh.address === vtep.address ? address : read(vtep.ssh.address);
    const encryption = vtep.encryption && tunnelOf(vtep.encryption, read);
    if (address === undefined || sshAddress === undefined) return [];
    return [{ host, address, sshAddress, ...(encryption === undefined ? {} : { encryption }) }];
  });
}

function tunnelOf(
  { address: got, publicKey, port }: VtepEncryptionOutput,
  read: (got: string) => bigint | undefined,
): RemoteTunnel | undefined {
  const address = read(got);
  return address === undefined ? undefined : { address, publicKey, port };
}

/** Ends of the own hosts' encrypted tunnels. Key versions do not matter here: the underlay stack makes the keys. */
function tunnelsOf({ stack, vteps }: UnderlayVteps, said: Findings): Map<string, ResolvedTunnel> {
  const ends = sortedEntries(vteps.hosts).flatMap(([name, { encryption }]): [string, ResolvedTunnel][] => {
    const got = encryption?.address;
    const address = got && said.take(`${stack}/${name}`, got, readAddress(got), cureFor(stack));
    return address === undefined || address === "" ? [] : [[name, { address, keyVersion: 1 }]];
  });
  return new Map(ends);
}

/** Its route reflectors. Unusable addresses have been reported. */
function speakersOf({ stack, vteps: { hosts, evpn } }: UnderlayVteps): Speaker[] {
  if (evpn === undefined) return [];
  return evpn.reflectors.flatMap((name): Speaker[] => {
    const vtep = Object.hasOwn(hosts, name) ? hosts[name] : undefined;
    const address = vtep && readAddress(endpointOf(vtep)).value;
    return address === undefined ? [] : [{ host: `${stack}/${name}`, stack, address, as: evpn.as }];
  });
}

const cureFor = (stack: string): string =>
  `Correct it in the settings of ${stack}, and run ./vxlab up -s ${stack}.`;
