/** DHCP servers and gateways of segments. */
import { addressText, memberFault, usableRange } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { LENT_ADDRESS } from "../../plan/ipam";
import { participants, takesPart } from "../segment/mesh";
import { IpFamily } from "../../plan/mtu";
import { attachmentsOf, nicsOf } from "../container/nics";
import { readAddress } from "../../plan/read-address";
import { pathOf, sortedEntries, suggest } from "../../plan/rules";
import { dhcpRange, serviceAddress, subnet4Of } from "./services";
import type { GatewaySpec, Problem, SegmentSpec, Topology } from "../../plan/types";
import { labFamily } from "../underlay/underlays";

export function checkServices(topology: Topology): Problem[] {
  return sortedEntries(topology.segments).flatMap(([name, segment]) => {
    const { dhcp, gateway } = segment;
    const at = (...keys: string[]) => pathOf("segments", name, ...keys);
    return [
      ...(dhcp === undefined ? [] : checkHost(topology, at("dhcp", "host"), dhcp.host, segment)),
      ...(dhcp === undefined ? [] : checkRange(topology, at, name, segment)),
      ...(gateway === undefined ? [] : checkHost(topology, at("gateway", "host"), gateway.host, segment)),
      ...(gateway === undefined || !hasIpv6Only(topology, gateway.host)
        ? []
        : [ipv6Only(at("gateway"), gateway)]),
      ...(gateway === undefined ? [] : checkMember(at("gateway", "address"), gateway.address, segment)),
      ...checkTogether(at("dhcp", "host"), segment),
    ];
  });
}

/** A machine's one interface to the outside has one address, of the underlay's family; an existing host may have others. */
function hasIpv6Only(topology: Topology, host: unknown): boolean {
  const ours = typeof host === "string" && Object.hasOwn(topology.hosts, host);
  return ours && topology.hosts[host]?.existing === undefined && labFamily(topology) === IpFamily.V6;
}

/** A gateway translates IPv4 (components/service/guest.sh), for which its host needs an IPv4 address on the underlay. */
export function ipv6Only(path: string, got: GatewaySpec): Problem {
  const message = `Has nothing to translate to: ${got.host} has an IPv6 address only, and a gateway translates IPv4.`;
  const cure = "Write an IPv4 underlay, or an existing host that has IPv4 too, or leave it out.";
  return { path, got, message, cure };
}

function checkHost(topology: Topology, path: string, got: unknown, segment: SegmentSpec): Problem[] {
  if (takesPart(topology, segment, got)) return [];
  const members = participants(topology, segment).map(({ name }) => name);
  const message = got === undefined ? "Is missing: a host offers it." : "Is not a host of the segment.";
  return [{ path, got, message, cure: suggest(got, members, "host of the segment") }];
}

/** Both have one interface in the segment, with one address. */
function checkTogether(path: string, { dhcp, gateway }: SegmentSpec): Problem[] {
  if (dhcp?.host === undefined || gateway?.host === undefined || dhcp.host === gateway.host) return [];
  const message = "Is another host than the gateway's, and the two are one interface of one host.";
  return [{ path, got: dhcp.host, message, cure: `Write ${JSON.stringify(gateway.host)}, the gateway's.` }];
}

function checkMember(path: string, got: unknown, segment: SegmentSpec): Problem[] {
  if (got === undefined) return [];
  const read = readAddress(got, IpFamily.V4);
  const subnet = subnet4Of(segment);
  const fault = read.fault ?? (subnet && memberFault(subnet, read.value));
  return fault === undefined ? [] : [{ path, got, message: fault, cure: memberCure(subnet) }];
}

function memberCure(subnet: Subnet | undefined): string {
  const range = subnet === undefined ? "" : ` of ${usableRange(subnet)}`;
  return `Write an address${range}, without prefix length, or leave it out.`;
}

function checkRange(
  topology: Topology,
  at: (...keys: string[]) => string,
  name: string,
  segment: SegmentSpec,
): Problem[] {
  const { first, last } = segment.dhcp ?? {};
  const wrong = [
    ...checkMember(at("dhcp", "first"), first, segment),
    ...checkMember(at("dhcp", "last"), last, segment),
  ];
  const range = dhcpRange(segment);
  if (wrong.length > 0 || range === undefined) return wrong;
  const path = at("dhcp", first === undefined && last !== undefined ? "last" : "first");
  const text = `${addressText(range.first)} to ${addressText(range.last)}`;
  const problem = (message: string, cure: string) => [
    { path, got: first === undefined ? last : first, message, cure },
  ];
  if (range.first > range.last)
    return problem(`Makes the range ${text}, which is empty.`, "Write first and last in this order.");
  const own = serviceAddress(segment);
  if (own !== undefined && own >= range.first && own <= range.last) {
    const message = `The range ${text} holds the server's own address ${addressText(own)}.`;
    return problem(message, "Write a range without it, or another gateway.address.");
  }
  const [room, wanted] = [range.last - range.first + 1n, borrowers(topology, name)];
  if (wanted <= room) return [];
  return problem(
    `The range ${text} lends ${room} addresses to ${wanted} containers.`,
    "Write a larger range.",
  );
}

function borrowers(topology: Topology, segment: string): bigint {
  const lent = nicsOf(topology).filter(({ spec }) => spec.address === LENT_ADDRESS);
  const here = lent.filter((nic) => attachmentsOf(topology, nic).some(({ name }) => name === segment));
  return BigInt(here.length);
}
