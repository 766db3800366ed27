/** The hosts of peers and the underlay networks of all stacks, read from the outputs of underlay stacks. */
import type { Findings } from "./findings";
import { readAddress, readSubnet } from "./read-address";
import type { Others } from "./resolve";
import type { Remote, Speaker } from "./resolved";
import { sortedEntries } from "./rules";
import type { VtepsOutput } from "./vteps";

/** An underlay stack that was found, and its outputs. */
export interface UnderlayVteps {
  /** Its name, as it is written in the settings. */
  stack: string;
  vteps: VtepsOutput;
}

/** What is unusable is said, and left out. */
export function resolvePeers(own: UnderlayVteps, peers: readonly UnderlayVteps[], said: Findings): Others {
  return {
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
    return address === undefined || sshAddress === undefined ? [] : [{ host, address, sshAddress }];
  });
}

/** Its route reflectors. Addresses that are unusable have been said. */
function speakersOf({ stack, vteps: { hosts, evpn } }: UnderlayVteps): Speaker[] {
  return (evpn?.reflectors ?? []).flatMap((name): Speaker[] => {
    const address = Object.hasOwn(hosts, name) ? readAddress(hosts[name]?.address).value : undefined;
    return address === undefined ? [] : [{ host: `${stack}/${name}`, stack, address, as: evpn?.as ?? 0 }];
  });
}

const cureFor = (stack: string): string =>
  `Correct it in the settings of ${stack}, and run ./vxlab up -s ${stack}.`;
