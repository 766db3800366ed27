/** Who may send to a host of an EVPN segment: networks, not single hosts, so that a new host changes no other host. */
import { addressText, contains, highestOf } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import type { ResolvedLab } from "../../plan/resolved";

type Networks = Pick<ResolvedLab, "underlays" | "networks">;

/** The networks that contain some of these VTEPs, and the VTEPs outside all known networks. */
interface Around {
  /** libvirt's networks, in which the hypervisor has the first address. */
  virtual: readonly Subnet[];
  /** Networks between existing hosts, or inside WireGuard. */
  real: readonly Subnet[];
  alone: readonly bigint[];
}

/**
 * All underlays of the lab count, since a host may be added to each. For an underlay that encrypts, it is the network of the tunnels, in
 * which WireGuard accepts a source address only from the host that has its key.
 */
function around({ underlays, networks }: Networks, vteps: readonly bigint[]): Around {
  const has = (subnet: Subnet) => vteps.some((vtep) => contains(subnet, vtep));
  const plain = underlays.used.filter(({ encryption }) => encryption === undefined);
  const used = plain.map(({ subnet }) => subnet);
  const virtual = unique([...used, ...networks.filter(has)]);
  // The default value need not be the network between existing hosts.
  const said = underlays.written.filter(({ spec }) => spec.cidr !== undefined);
  const tunnels = underlays.written.flatMap(({ encryption }) => encryption?.network ?? []);
  const written = [...said.map(({ subnet }) => subnet), ...tunnels].filter(has);
  const real = unique(written).filter(({ cidr }) => !virtual.some((one) => one.cidr === cidr));
  const known = [...virtual, ...real];
  return { virtual, real, alone: vteps.filter((vtep) => !known.some((one) => contains(one, vtep))) };
}

function unique(subnets: readonly Subnet[]): Subnet[] {
  return [...new Map(subnets.map((subnet) => [subnet.cidr, subnet])).values()];
}

/** In the form of nft(8): ranges without libvirt's own address, and single addresses. */
export function senderRanges(lab: Networks, vteps: readonly bigint[]): string[] {
  const { virtual, real, alone } = around(lab, vteps);
  return [
    ...virtual.map((subnet) => range(subnet, 2n)),
    ...real.map((subnet) => range(subnet, 1n)),
    ...alone.map(addressText),
  ];
}

function range(subnet: Subnet, skip: bigint): string {
  const [first, last] = [subnet.first + skip, highestOf(subnet)].map(addressText);
  return first === last ? `${first}` : `${first}-${last}`;
}

/** As prefixes, which is what BGP listens to. */
export function senderPrefixes(lab: Networks, vteps: readonly bigint[]): string[] {
  const { virtual, real, alone } = around(lab, vteps);
  return [
    ...[...virtual, ...real].map(({ cidr }) => cidr),
    ...alone.map((vtep) => `${addressText(vtep)}/32`),
  ];
}
