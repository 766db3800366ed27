/** Underlays that hold none of the hosts: one wrong network, said once instead of once for each host. */
import { addressText, contains, familyOf, subnetAround } from "../../plan/addresses";
import { IpFamily } from "../../plan/net/family";
import type { Problem } from "../../plan/problem";
import { readAddress, readSubnet } from "../../plan/read-address";
import type { Underlays } from "../../plan/resolved";
import { pathOf, sortedEntries } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { underlayAt } from "../underlay/resolve";

/** With fewer machines their addresses are more likely to be wrong. */
const FEWEST = 2;

/** True when the underlay's network, not the hosts' addresses, is to blame: each is outside. */
export function isMisplaced(topology: Topology, underlays: Underlays): boolean {
  return placesOutside(topology, underlays).length > 0;
}

/** At the underlay. */
export function checkPlace(topology: Topology, underlays: Underlays): Problem[] {
  const outside = placesOutside(topology, underlays);
  const [first] = outside;
  if (first === undefined) return [];
  const [only, ...more] = underlays.used;
  const single = more.length === 0 ? only : undefined;
  const addresses = outside.map(({ address }) => address);
  const other = single && networkAround(addresses, single.subnet.prefix);
  const which = single === undefined ? "These networks contain" : `${single.subnet.cidr} contains`;
  return [
    {
      path: single === undefined ? "underlays" : `${single.path}.cidr`,
      got: single === undefined ? topology.underlays : single.spec.cidr,
      message: `${which} none of the ${outside.length} hosts: ${first.path} is ${addressText(first.address)}.`,
      cure: `Write the network of the hosts' addresses${other === undefined ? "" : `, such as ${other}`}.`,
    },
  ];
}

interface Place {
  path: string;
  address: bigint;
}

/** All machines, when each has an address and it is in no underlay; else none. */
function placesOutside(topology: Topology, { used, complete }: Underlays): Place[] {
  if (used.length === 0 || !complete) return [];
  const ours = sortedEntries(topology.hosts).filter(([, { existing }]) => existing === undefined);
  const places = ours.flatMap(([name, host]): Place[] => {
    const { value: address } = readAddress(host.address);
    return address === undefined ? [] : [{ path: pathOf("hosts", name, "address"), address }];
  });
  const outside = places.filter(({ address }) => underlayAt(used, address) === undefined);
  return outside.length >= FEWEST && outside.length === ours.length ? outside : [];
}

/** The smallest network of at most this prefix length that has room for all; undefined when no setting would take it. */
function networkAround(addresses: readonly bigint[], written: number): string | undefined {
  const [first] = addresses;
  if (first === undefined) return undefined;
  const usual = familyOf(first) === IpFamily.V4 ? 24 : 64;
  for (let prefix = Math.min(usual, written); prefix > 0; prefix--) {
    const subnet = subnetAround(first, prefix);
    if (!addresses.every((address) => familyOf(address) === subnet.family && contains(subnet, address)))
      continue;
    return readSubnet(subnet.cidr).value?.cidr;
  }
  return undefined;
}
