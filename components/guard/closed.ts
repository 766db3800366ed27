/** What a gateway does not lead to, wherever its NAT leads otherwise: the networks and hosts that carry the lab. */
import { addressText, contains } from "../../plan/addresses";
import { readAddress, readSubnet } from "../../plan/read-address";
import { sortedEntries } from "../../plan/rules";
import type { Topology } from "../../plan/types";
import { underlaysOf } from "../underlay/underlays";

/** The underlays, then the hosts outside of them, by VTEP and SSH address: a new host inside of an underlay changes nothing. */
export function closedTo(topology: Topology): string[] {
  const hosts = sortedEntries(topology.hosts);
  return closedBy(
    underlaysOf(topology).map(({ cidr }) => cidr),
    hosts.flatMap(([, { address, existing }]) => [address, existing?.sshAddress ?? address]),
  );
}

/**
 * @param networks in CIDR notation
 * @param addresses literals; what is none is left out
 * @returns each once, in the given order, spelled as in every plan
 */
export function closedBy(networks: readonly string[], addresses: readonly string[]): string[] {
  const known = networks.flatMap((network) => readSubnet(network).value ?? []);
  const outside = addresses
    .flatMap((address) => readAddress(address).value ?? [])
    .filter((address) => !known.some((network) => contains(network, address)));
  return [...new Set([...known.map(({ cidr }) => cidr), ...outside.map(addressText)])];
}
