/** The WireGuard devices of hosts: one for each host that encrypts, with a peer for each host that it has a tunnel to. */
import { addressText } from "../../plan/addresses";
import type { EncryptionPeerPlan, EncryptionPlan, VxlanPortPlan } from "../../plan/lab-plan";
import type { Remote, ResolvedHost, ResolvedLab } from "../../plan/resolved";
import { compareText } from "../../plan/rules";
import { hopsOf } from "../chain/carrier";
import { partnersOf } from "../router/plan";
import { mtuUnder } from "../underlay/mtu";
import { underlayAt } from "../underlay/resolve";
import { wireguardOverhead, WIREGUARD_DEVICE, WIREGUARD_PORT } from "./wireguard";

/** Undefined: the host does not encrypt. @param ports its own */
export function planEncryption(
  lab: ResolvedLab,
  host: ResolvedHost,
  ports: readonly VxlanPortPlan[],
): EncryptionPlan | undefined {
  if (host.encryption === undefined) return undefined;
  const { written, family } = lab.underlays;
  const under = underlayAt(written, host.address)?.mtu ?? mtuUnder(lab.underlays);
  const names = peersOf(lab, host.name, ports);
  const own = lab.hosts.map((one): [string, EncryptionPeerPlan[]] => [one.name, ownPeer(one)]);
  const known = new Map([...own, ...lab.peers.map((one) => [one.host, farPeer(one)] as const)]);
  return {
    ...{ device: WIREGUARD_DEVICE, address: addressText(host.encryption.address), port: WIREGUARD_PORT },
    ...{ mtu: under - wireguardOverhead(family), keyVersion: host.encryption.keyVersion },
    peers: names.flatMap((name) => known.get(name) ?? []),
  };
}

/** Hosts to which it has a tunnel: of a segment, or of a chain that passes it; and those of EVPN. */
function peersOf(lab: ResolvedLab, own: string, ports: readonly VxlanPortPlan[]): string[] {
  const remotes = ports.flatMap(({ remotes }) => remotes.map(({ host }) => host));
  const chained = lab.chains.flatMap((chain) => {
    const hosts = hopsOf(chain).map(({ host }) => host);
    return hosts.includes(own) ? hosts : [];
  });
  return [...new Set([...remotes, ...chained, ...partnersOf(lab, own)])]
    .filter((name) => name !== own)
    .sort(compareText);
}

function ownPeer({ name: host, address, encryption }: ResolvedHost): EncryptionPeerPlan[] {
  if (encryption === undefined) return [];
  const vtep = addressText(address);
  return [{ host, address: addressText(encryption.address), vtep, port: WIREGUARD_PORT }];
}

function farPeer({ host, address, encryption }: Remote): EncryptionPeerPlan[] {
  if (encryption === undefined) return [];
  const { publicKey, port } = encryption;
  return [{ host, address: addressText(encryption.address), vtep: addressText(address), port, publicKey }];
}
