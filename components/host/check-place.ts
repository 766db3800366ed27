/** Underlays that hold none of the hosts: one wrong network, said once instead of once for each host. */
import { addressText, contains, familyOf, subnetAround } from "../../plan/addresses";
import { IpFamily } from "../../plan/mtu";
import { readAddress, readSubnet } from "../../plan/read-address";
import { pathOf, sortedEntries } from "../../plan/rules";
import type { Problem, Topology } from "../../plan/types";
import { underlayAt, underlaysOf } from "../underlay/underlays";

/** Fewer are more likely wrong themselves. */
const FEWEST = 2;

/** True when the underlay's network, not the hosts' addresses, is to blame: each is outside. */
export function isMisplaced(topology: Topology): boolean {
  return placesOutside(topology).length > 0;
}

/** At the underlay, before what follows from it. */
export function checkPlace(topology: Topology): Problem[] {
  const outside = placesOutside(topology);
  const [first] = outside;
  if (first === undefined) return [];
  const underlays = underlaysOf(topology);
  const [only] = underlays;
  const one = underlays.length === 1 && only !== undefined;
  const addresses = outside.map(({ address }) => address);
  const other = one ? networkAround(addresses, only.subnet?.prefix) : undefined;
  const which = one ? `${only.cidr} holds` : "These networks hold";
  return [
    {
      path: one ? `${only.path}.cidr` : "underlays",
      got: one ? only.spec.cidr : topology.underlays,
      message: `${which} none of the ${outside.length} hosts: ${first.path} is ${addressText(first.address)}.`,
      cure: `Write the network of the hosts' addresses${other === undefined ? "" : `, such as ${other}`}.`,
    },
  ];
}

interface Place {
  path: string;
  address: bigint;
}

/** All machines of ours, when each address is one and is in no underlay; else none. */
function placesOutside(topology: Topology): Place[] {
  const underlays = underlaysOf(topology);
  if (underlays.length === 0 || underlays.some(({ subnet }) => subnet === undefined)) return [];
  const ours = sortedEntries(topology.hosts).filter(([, { existing }]) => existing === undefined);
  const places = ours.flatMap(([name, host]): Place[] => {
    const { value: address } = readAddress(host.address);
    return address === undefined ? [] : [{ path: pathOf("hosts", name, "address"), address }];
  });
  const outside = places.filter(({ address }) => underlayAt(underlays, address) === undefined);
  return outside.length >= FEWEST && outside.length === ours.length ? outside : [];
}

/** The smallest network of at most this prefix length that has room for all; undefined when no setting would take it. */
function networkAround(addresses: readonly bigint[], written?: number): string | undefined {
  const [first] = addresses;
  if (first === undefined) return undefined;
  const usual = familyOf(first) === IpFamily.V4 ? 24 : 64;
  for (let prefix = Math.min(usual, written ?? usual); prefix > 0; prefix--) {
    const subnet = subnetAround(first, prefix);
    if (!addresses.every((address) => familyOf(address) === subnet.family && contains(subnet, address)))
      continue;
    return readSubnet(subnet.cidr).value?.cidr;
  }
  return undefined;
}
