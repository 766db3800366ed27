/** The service of a segment, read: a DHCP server, a gateway, or both on one host. */
import { gatewayOf, highestOf, memberFault, usableRange } from "../../plan/addresses";
import type { InterfaceAddress, Subnet } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { IpFamily } from "../../plan/net/family";
import type { Problem } from "../../plan/problem";
import { readAddress } from "../../plan/read-address";
import type { Range, ResolvedService } from "../../plan/resolved";
import { suggest } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import type { At } from "../../plan/values";
import type { SegmentSpec } from "../segment/spec";
import type { DhcpSpec, GatewaySpec } from "./spec";

export interface Input {
  topology: Topology;
  spec: SegmentSpec;
  at: At;
  /** Names of the hosts that take part. */
  names: readonly string[];
  /** IPv4; undefined: it has none, or an unusable one, which has been reported. */
  subnet: Subnet | undefined;
  /** IPv6, likewise. */
  subnet6: Subnet | undefined;
  family: IpFamily;
}

/** Undefined when the segment has none, or no usable host for it. */
export function resolveService(input: Input, said: Findings): ResolvedService | undefined {
  const { spec, at, subnet } = input;
  const { dhcp, gateway } = spec;
  if (dhcp === undefined && gateway === undefined) return undefined;
  if (spec.subnet === undefined) checkIpv6Only(input, said);
  if (subnet === undefined && (spec.subnet !== undefined || gateway === undefined)) return undefined;
  const server = dhcp && resolveHost(at("dhcp", "host"), dhcp.host, input, said);
  const router = gateway && resolveHost(at("gateway", "host"), gateway.host, input, said);
  const six = gateway && resolveSix(input, gateway, said);
  const only6 = router !== undefined && hasIpv6Only(input, router);
  if (gateway !== undefined && router !== undefined && subnet !== undefined && only6)
    checkFour(at, gateway, router, six, said);
  const address = subnet && gateway && resolveMember(at("gateway", "address"), gateway.address, subnet, said);
  if (dhcp !== undefined && gateway !== undefined) checkTogether(at("dhcp", "host"), dhcp, gateway, said);
  const range = dhcp && subnet && resolveRange(dhcp, at, subnet, said);
  const host = router ?? server;
  // On an IPv6 underlay, only a DHCP server needs an IPv4 address.
  const four = subnet !== undefined && !(only6 && dhcp === undefined);
  if (host === undefined || (!four && six === undefined)) return undefined;
  return {
    host,
    ...(four ? { four: { subnet, address: address ?? gatewayOf(subnet) } } : {}),
    ...(six === undefined ? {} : { six }),
    nat: gateway !== undefined && subnet !== undefined && !only6,
    ...(range === undefined ? {} : { range }),
  };
}

/** Reports settings that have no use in a segment with subnet6 only. */
function checkIpv6Only({ spec, at }: Input, said: Findings): void {
  const message = "Is for IPv4, but the segment has no IPv4 subnet.";
  const cure = `Write ${at("subnet")}, or leave it out.`;
  if (spec.dhcp !== undefined) said.say(at("dhcp"), spec.dhcp, message, cure);
  const { address } = spec.gateway ?? {};
  if (address !== undefined) said.say(at("gateway", "address"), address, message, cure);
}

/** A gateway on a host without IPv4 can be one for IPv6 only. */
function checkFour(
  at: At,
  gateway: GatewaySpec,
  host: string,
  six: InterfaceAddress | undefined,
  said: Findings,
): void {
  if (six === undefined) said.add([ipv6Only(at("gateway"), host, gateway)]);
  else if (gateway.address !== undefined)
    said.add([ipv6Only(at("gateway", "address"), host, gateway.address)]);
}

/**
 * The gateway's IPv6 address: as written, or computed if only IPv6 leads out. In other labs there is no default, so that existing gateways
 * do not change.
 */
function resolveSix(input: Input, { address6 }: GatewaySpec, said: Findings): InterfaceAddress | undefined {
  const { spec, at, subnet6, family } = input;
  const written = writtenSix(input, at("gateway", "address6"), address6, said);
  if (written !== undefined || subnet6 === undefined || address6 !== undefined) return written;
  if (spec.subnet !== undefined && family === IpFamily.V4) return undefined;
  return { subnet: subnet6, address: gatewayOf(subnet6) };
}

export function writtenSix(
  { spec, at, subnet6 }: Input,
  path: string,
  got: string | undefined,
  said: Findings,
): InterfaceAddress | undefined {
  if (got === undefined) return undefined;
  if (spec.subnet6 === undefined) {
    const cure = `Write ${at("subnet6")}, or leave it out.`;
    said.say(path, got, "Is for IPv6, but the segment has no IPv6 subnet.", cure);
  }
  if (subnet6 === undefined) return undefined;
  const address = resolveMember(path, got, subnet6, said);
  return address === undefined ? undefined : { subnet: subnet6, address };
}

/** A machine's one interface to the outside has one address, of the underlay's family; an existing host may have others. */
export function hasIpv6Only({ topology, family }: Input, host: string): boolean {
  return topology.hosts[host]?.existing === undefined && family === IpFamily.V6;
}

/** A gateway translates IPv4 (guest.sh), for which its host needs an IPv4 address on the underlay. */
export function ipv6Only(path: string, host: string, got: unknown): Problem {
  const message = `${host} has no IPv4 address, which the gateway's NAT needs.`;
  const cure =
    "Write subnet6 for an IPv6 gateway, use an IPv4 underlay or an existing host with IPv4, or leave it out.";
  return { path, got, message, cure };
}

export function resolveHost(
  path: string,
  got: unknown,
  { names }: Input,
  said: Findings,
): string | undefined {
  const found = names.find((name) => name === got);
  if (found !== undefined) return found;
  const message =
    got === undefined ? "Is missing: the service needs a host." : "Is not a host of the segment.";
  said.say(path, got, message, suggest(got, names, "host of the segment"));
  return undefined;
}

/** Both have one interface in the segment, with one address. */
function checkTogether(path: string, dhcp: DhcpSpec, gateway: GatewaySpec, said: Findings): void {
  if (dhcp.host === undefined || gateway.host === undefined || dhcp.host === gateway.host) return;
  const message = "Is not the gateway's host: DHCP server and gateway share one interface.";
  said.say(path, dhcp.host, message, `Write ${JSON.stringify(gateway.host)}, the gateway's.`);
}

export function resolveMember(
  path: string,
  got: unknown,
  subnet: Subnet,
  said: Findings,
): bigint | undefined {
  if (got === undefined) return undefined;
  const cure = `Write an address of ${usableRange(subnet)}, without prefix length, or leave it out.`;
  const address = said.take(path, got, readAddress(got, subnet.family), cure);
  const fault = address === undefined ? undefined : memberFault(subnet, address);
  said.sayIf(path, got, fault, cure);
  return fault === undefined ? address : undefined;
}

/** The range of addresses to lend: as written, or the upper quarter of the subnet. Undefined: unusable. */
function resolveRange(dhcp: DhcpSpec, at: At, subnet: Subnet, said: Findings): Range | undefined {
  const size = subnet.last - subnet.first + 1n;
  const [highest, upper] = [highestOf(subnet), subnet.first + (size * 3n) / 4n];
  const first = resolveMember(at("dhcp", "first"), dhcp.first, subnet, said);
  const last = resolveMember(at("dhcp", "last"), dhcp.last, subnet, said);
  const unusable =
    (dhcp.first !== undefined && first === undefined) || (dhcp.last !== undefined && last === undefined);
  if (unusable) return undefined;
  return { first: first ?? (upper < highest ? upper : highest), last: last ?? highest };
}
