/** Underlays that contain none of the hosts: the wrong network is reported once, not once for each host. */
import { addressText, contains, familyOf, subnetAround } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { IpFamily } from "../../plan/net/family";
import { readAddress, readSubnet } from "../../plan/read-address";
import type { Underlays } from "../../plan/resolved";
import { pathOf, sortedEntries } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { underlayAt } from "../underlay/resolve";

/** With fewer machines their addresses are more likely to be wrong. */
const FEWEST = 2;

/**
 * True when all hosts are outside, so that the underlay's network is probably wrong, not the hosts' addresses. Reports it at the underlay.
 */
export function resolvePlace(topology: Topology, underlays: Underlays, said: Findings): boolean {
  const outside = placesOutside(topology, underlays);
  const [first] = outside;
  if (first === undefined) return false;
  const [only, ...more] = underlays.used;
  const single = more.length === 0 ? only : undefined;
  const addresses = outside.map(({ address }) => address);
  const other = single && networkAround(addresses, single.subnet.prefix);
  const which = single === undefined ? "These networks contain" : `${single.subnet.cidr} contains`;
  const message = `${which} none of the ${outside.length} hosts: ${first.path} is ${addressText(first.address)}.`;
  const cure = `Write the network of the hosts' addresses${other === undefined ? "" : `, such as ${other}`}.`;
  if (single === undefined) said.say("underlays", topology.underlays, message, cure);
  else said.say(`${single.path}.cidr`, single.spec.cidr, message, cure);
  return true;
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
