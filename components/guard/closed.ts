/** The networks and hosts that carry the lab, which a gateway's NAT must not reach. */
import { addressText, contains } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import type { ResolvedLab } from "../../plan/resolved";

/** The underlays, then the hosts outside them, by VTEP and SSH address: a new host inside an underlay changes nothing. */
export function closedTo({ underlays, hosts, segments, peers, networks }: ResolvedLab): string[] {
  const own = hosts.flatMap((host) => [
    host.address,
    host.kind === "existing" ? host.reach.sshAddress : host.address,
  ]);
  // Packets to these addresses would arrive decrypted, as if they came from this host.
  const tunnels = underlays.written.flatMap(({ encryption }) => encryption?.network ?? []);
  const ends = [...hosts, ...peers].flatMap(({ encryption }) => encryption?.address ?? []);
  const far = peers.flatMap(({ address, sshAddress }) => [address, sshAddress]);
  const strange = segments.flatMap(({ remotes }) => remotes.map(({ address }) => address));
  return closedBy(
    [...underlays.used.map(({ subnet }) => subnet), ...tunnels, ...networks],
    [...own, ...far, ...ends, ...strange],
  );
}

/** Each once, in the given order. */
function closedBy(networks: readonly Subnet[], addresses: readonly bigint[]): string[] {
  const outside = addresses.filter((address) => !networks.some((network) => contains(network, address)));
  return [...new Set([...networks.map(({ cidr }) => cidr), ...outside.map(addressText)])];
}
