/** One interface of a container: its segment and what is written for its addresses. */
import { memberFault, usableRange } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { onlySegment } from "../../plan/defaults";
import { LENT_ADDRESS, NO_ADDRESS, subnet6Of } from "../../plan/ipam";
import { IpFamily } from "../../plan/mtu";
import { segmentNamed } from "./nics";
import type { Nic } from "./nics";
import { readInterface } from "../../plan/read-address";
import { checkList, compareText, pathOf, suggest } from "../../plan/rules";
import { subnet4Of } from "../service/services";
import type { Problem, SegmentSpec, Topology } from "../../plan/types";

export function checkNic(topology: Topology, nic: Nic): Problem[] {
  const { trunk, segment, address, address6 } = nic.spec;
  if (trunk !== undefined) return [...checkTrunk(topology, nic), ...checkBesideTrunk(nic)];
  const named: unknown = segment ?? onlySegment(topology);
  const found = segmentNamed(topology, named);
  return [
    ...(found === undefined ? [segmentProblem(topology, nic.at("segment"), segment)] : []),
    ...(address === undefined ? [] : checkAddress(nic.at("address"), address, String(named), found)),
    ...(address6 === undefined ? [] : checkAddress6(nic.at("address6"), address6, String(named), found)),
  ];
}

function segmentProblem(topology: Topology, path: string, got: unknown): Problem {
  const known = Object.keys(topology.segments).sort(compareText);
  const missing =
    known.length === 0 ? "Is missing, and there is no segment." : "Is missing, and there are several.";
  const message = got === undefined ? missing : "Is not a segment of this lab.";
  return { path, got, message, cure: suggest(got, known, "segment") };
}

function checkTrunk(topology: Topology, nic: Nic): Problem[] {
  const path = nic.at("trunk");
  const got: unknown = nic.spec.trunk;
  if (!Array.isArray(got)) return checkList(path, got, "Write a list of segments that have a VLAN.");
  const none = checkList(path, got, "Write a list of segments that have a VLAN.");
  return got.reduce((problems: Problem[], name: unknown, index) => {
    const at = `${path}[${index}]`;
    const segment = segmentNamed(topology, name);
    if (segment === undefined) return [...problems, segmentProblem(topology, at, name)];
    if (segment.vlan !== undefined) return problems;
    const message = "Has no VLAN, and a trunk carries tagged frames.";
    const cure = `Give ${pathOf("segments", String(name))} a vlan, or an interface of its own.`;
    return [...problems, { path: at, got: name, message, cure }];
  }, none);
}

function checkBesideTrunk({ spec, at }: Nic): Problem[] {
  const { segment, address, address6 } = spec;
  return Object.entries({ segment, address, address6 }).flatMap(([key, got]) => {
    const message = "Has no effect beside trunk: the addresses inside are computed for each of its segments.";
    return got === undefined ? [] : [{ path: at(key), got, message, cure: "Leave it out." }];
  });
}

function checkAddress(path: string, got: unknown, name: string, segment: SegmentSpec | undefined): Problem[] {
  if (got === NO_ADDRESS) return [];
  if (got === LENT_ADDRESS) {
    if (segment === undefined || segment.dhcp !== undefined) return [];
    const dhcp = pathOf("segments", name, "dhcp");
    const message = `There is no DHCP server in segment ${name}.`;
    return [{ path, got, message, cure: `Write ${dhcp}, for example { host: kvm1 }, or an address.` }];
  }
  return checkWritten(path, got, IpFamily.V4, segment === undefined ? undefined : subnet4Of(segment));
}

function checkAddress6(
  path: string,
  got: unknown,
  name: string,
  segment: SegmentSpec | undefined,
): Problem[] {
  if (got === NO_ADDRESS) return [];
  if (segment !== undefined && segment.subnet6 === undefined) {
    const message = `Has no effect: segment ${name} has no IPv6 subnet.`;
    return [{ path, got, message, cure: `Write ${pathOf("segments", name, "subnet6")}, or leave it out.` }];
  }
  if (got === LENT_ADDRESS) {
    const message = "Is for IPv4: no server lends IPv6 addresses here.";
    return [{ path, got, message, cure: "Leave it out to get a computed one, or write none." }];
  }
  return checkWritten(path, got, IpFamily.V6, segment === undefined ? undefined : subnet6Of(segment));
}

function checkWritten(path: string, got: unknown, family: IpFamily, subnet: Subnet | undefined): Problem[] {
  // Any prefix length at first: it is compared with the subnet's below.
  const read = readInterface(got, family, { widest: 1, narrowest: family === IpFamily.V4 ? 32 : 128 });
  const range = subnet === undefined ? "" : `, from ${usableRange(subnet)} with /${subnet.prefix}`;
  const cure = `Write a free address of the segment's subnet with its prefix length${range}, or leave it out.`;
  const fault = read.fault ?? (subnet && addressFault(subnet, read.value.address, read.value.subnet.prefix));
  return fault === undefined ? [] : [{ path, got, message: fault, cure }];
}

function addressFault(subnet: Subnet, address: bigint, prefix: number): string | undefined {
  const fault = memberFault(subnet, address);
  if (fault !== undefined || prefix === subnet.prefix) return fault;
  return `Its prefix length is /${prefix}, but the segment's subnet is ${subnet.cidr}.`;
}
