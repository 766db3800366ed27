/** The addresses of an interface in one segment, read or computed. */
import { memberFault, usableRange } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { computedAddress, LENT_ADDRESS, NO_ADDRESS } from "../../plan/ipam";
import { IpFamily } from "../../plan/net/family";
import { readInterface } from "../../plan/read-address";
import type { AssignedAddress, ResolvedSegment, SegmentNetwork } from "../../plan/resolved";
import { pathOf } from "../../plan/rules";
import { isMapping } from "../../plan/shape";
import type { SegmentSpec } from "../segment/spec";
import type { InterfaceSpec } from "./spec";

/** A segment by its name. */
export interface Named {
  name: string;
  /** Undefined: there is none of that name. */
  spec?: SegmentSpec;
  /** Undefined: unusable; the next one too. */
  network?: SegmentNetwork;
  segment?: ResolvedSegment;
}

interface Nic {
  container: string;
  spec: InterfaceSpec;
  at: (key: string) => string;
}

const FAMILIES = [IpFamily.V4, IpFamily.V6] as const;
const TRUNK_KEY = { [IpFamily.V4]: "addresses", [IpFamily.V6]: "addresses6" } as const;
const SUBNET = { [IpFamily.V4]: "subnet", [IpFamily.V6]: "subnet6" } as const;
const KEY = { [IpFamily.V4]: "address", [IpFamily.V6]: "address6" } as const;

/** As written, else computed; none with "dhcp" and "none". */
export function resolveAddresses(nic: Nic, named: Named, said: Findings): AssignedAddress[] {
  return FAMILIES.flatMap((family) => {
    const [path, got] = [nic.at(KEY[family]), nic.spec[KEY[family]]];
    const subnet = named.network && subnetOf(named.network, family);
    if (got === undefined)
      return computed(nic.container, named.network, subnet, { path, got, tagged: false }, said);
    const fault = wordFault(family, path, got, named, said);
    if (fault || got === NO_ADDRESS || got === LENT_ADDRESS) return [];
    const address = resolveWritten(path, got, family, subnet, said);
    return address === undefined || subnet === undefined
      ? []
      : [{ address, subnet, computed: false, path, got }];
  });
}

/** In a segment of a trunk: as written in `addresses`, else computed. @param path of the segment's name in the trunk */
export function trunkAddresses(nic: Nic, named: Named, path: string, said: Findings): AssignedAddress[] {
  const { network, name } = named;
  if (network === undefined) return [];
  return FAMILIES.flatMap((family) => {
    const key = TRUNK_KEY[family];
    const written: unknown = nic.spec[key];
    const got = isMapping(written) && Object.hasOwn(written, name) ? written[name] : undefined;
    const subnet = subnetOf(network, family);
    if (got === undefined)
      return computed(nic.container, network, subnet, { path, got: undefined, tagged: true }, said);
    const at = `${nic.at(key)}${pathOf("x", name).slice(1)}`;
    if (got === LENT_ADDRESS) {
      said.say(
        at,
        got,
        "Has no effect in a trunk.",
        "Write an address, or give the segment an interface of its own.",
      );
      return [];
    }
    if (wordFault(family, at, got, named, said) || got === NO_ADDRESS) return [];
    const address = resolveWritten(at, got, family, subnet, said);
    return address === undefined || subnet === undefined
      ? []
      : [{ address, subnet, computed: false, path: at, got }];
  });
}

function subnetOf({ subnet, subnet6 }: SegmentNetwork, family: IpFamily): Subnet | undefined {
  return family === IpFamily.V4 ? subnet : subnet6;
}

function computed(
  container: string,
  network: SegmentNetwork | undefined,
  subnet: Subnet | undefined,
  { path, got, tagged }: { path: string; got: unknown; tagged: boolean },
  said: Findings,
): AssignedAddress[] {
  if (network === undefined || subnet === undefined) return [];
  const address = computedAddress(network, container, subnet);
  if (address !== undefined) return [{ address, subnet, computed: true, path, got }];
  const message = `No address can be computed for it in ${subnet.cidr}: the DHCP range covers nearly all of it.`;
  said.say(
    path,
    got,
    message,
    tagged
      ? "Write an address in addresses, or shrink the DHCP range."
      : "Write an address, or shrink the DHCP range.",
  );
  return [];
}

/** True if the segment lacks what the setting needs, which is reported. */
function wordFault(
  family: IpFamily,
  path: string,
  got: unknown,
  { name, spec }: Named,
  said: Findings,
): boolean {
  const fault = (message: string, cure: string) => {
    said.say(path, got, message, cure);
    return true;
  };
  if (lacksFamily(family, got, spec)) {
    const subnet = pathOf("segments", name, SUBNET[family]);
    const six = path.replace(/address(es)?\b/, "address$16");
    const instead = family === IpFamily.V4 ? `${six} for an IPv6 address` : "leave it out";
    return fault(
      `Has no effect: segment ${name} has no IPv${family} subnet.`,
      `Write ${subnet}, or ${instead}.`,
    );
  }
  if (got !== LENT_ADDRESS) return false;
  if (family === IpFamily.V6)
    return fault(
      "Is for IPv4 only: vxlab has no DHCPv6 server.",
      "Leave it out to get a computed address, or write none.",
    );
  if (spec === undefined || spec.dhcp !== undefined) return false;
  const dhcp = pathOf("segments", name, "dhcp");
  return fault(
    `There is no DHCP server in segment ${name}.`,
    `Write ${dhcp}, for example { host: kvm1 }, or an address.`,
  );
}

/** Whether the segment has a subnet of the other family only. A DHCP server has a message of its own. */
function lacksFamily(family: IpFamily, got: unknown, spec: SegmentSpec | undefined): boolean {
  const other = family === IpFamily.V4 ? IpFamily.V6 : IpFamily.V4;
  if (got === NO_ADDRESS || (got === LENT_ADDRESS && family === IpFamily.V4)) return false;
  return spec !== undefined && spec[SUBNET[family]] === undefined && spec[SUBNET[other]] !== undefined;
}

function resolveWritten(
  path: string,
  got: unknown,
  family: IpFamily,
  subnet: Subnet | undefined,
  said: Findings,
): bigint | undefined {
  // Any prefix length at first: it is compared with the subnet's below.
  const read = readInterface(got, family, { widest: 1, narrowest: family === IpFamily.V4 ? 32 : 128 });
  const range = subnet === undefined ? "" : `, from ${usableRange(subnet)} with /${subnet.prefix}`;
  const cure = `Write a free address of the segment's subnet with its prefix length${range}, or leave it out.`;
  const found = said.take(path, got, read, cure);
  const fault = found && subnet && addressFault(subnet, found.address, found.subnet.prefix);
  said.sayIf(path, got, fault, cure);
  return fault === undefined ? found?.address : undefined;
}

function addressFault(subnet: Subnet, address: bigint, prefix: number): string | undefined {
  const fault = memberFault(subnet, address);
  if (fault !== undefined || prefix === subnet.prefix) return fault;
  return `Its prefix length is /${prefix}, but the segment's subnet is ${subnet.cidr}.`;
}
