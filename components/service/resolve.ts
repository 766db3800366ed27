/** What a segment offers its containers, read: a DHCP server, a gateway, or both on one host. */
import { gatewayOf, highestOf, memberFault, usableRange } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { IpFamily } from "../../plan/net/family";
import type { Problem } from "../../plan/problem";
import { readAddress } from "../../plan/read-address";
import type { Range, ResolvedService } from "../../plan/resolved";
import { suggest } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import type { At } from "../../plan/values";
import type { DhcpSpec, GatewaySpec, SegmentSpec } from "../segment/spec";

interface Input {
  topology: Topology;
  spec: SegmentSpec;
  at: At;
  /** Names of the hosts that take part. */
  names: readonly string[];
  /** IPv4; undefined: it has none, or an unusable one, which has been said. */
  subnet: Subnet | undefined;
  family: IpFamily;
}

/** Undefined when the segment has none, or no usable host for it. */
export function resolveService(input: Input, said: Findings): ResolvedService | undefined {
  const { topology, spec, at, subnet, family } = input;
  const { dhcp, gateway } = spec;
  if (dhcp === undefined && gateway === undefined) return undefined;
  if (spec.subnet === undefined)
    for (const key of ["dhcp", "gateway"] as const)
      if (spec[key] !== undefined)
        said.say(
          at(key),
          spec[key],
          "Is for IPv4, of which the segment has no subnet.",
          `Write ${at("subnet")}, or leave it out.`,
        );
  if (subnet === undefined) return undefined;
  const server = dhcp && resolveHost(at("dhcp", "host"), dhcp.host, input, said);
  const router = gateway && resolveHost(at("gateway", "host"), gateway.host, input, said);
  if (gateway !== undefined && router !== undefined && hasIpv6Only(topology, router, family))
    said.add([ipv6Only(at("gateway"), router, gateway)]);
  const address = gateway && resolveMember(at("gateway", "address"), gateway.address, subnet, said);
  if (dhcp !== undefined && gateway !== undefined) checkTogether(at("dhcp", "host"), dhcp, gateway, said);
  const range = dhcp && resolveRange(dhcp, at, subnet, said);
  const host = router ?? server;
  if (host === undefined) return undefined;
  return {
    ...{ host, subnet },
    address: address ?? gatewayOf(subnet),
    nat: gateway !== undefined,
    ...(range === undefined ? {} : { range }),
  };
}

/** A machine's one interface to the outside has one address, of the underlay's family; an existing host may have others. */
function hasIpv6Only({ hosts }: Topology, host: string, family: IpFamily): boolean {
  return hosts[host]?.existing === undefined && family === IpFamily.V6;
}

/** A gateway translates IPv4 (guest.sh), for which its host needs an IPv4 address on the underlay. */
export function ipv6Only(path: string, host: string, got: unknown): Problem {
  const message = `${host} has no IPv4 address; a gateway translates IPv4 only.`;
  const cure = "Use an IPv4 underlay or an existing host that also has IPv4, or leave it out.";
  return { path, got, message, cure };
}

function resolveHost(path: string, got: unknown, { names }: Input, said: Findings): string | undefined {
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

function resolveMember(path: string, got: unknown, subnet: Subnet, said: Findings): bigint | undefined {
  if (got === undefined) return undefined;
  const cure = `Write an address of ${usableRange(subnet)}, without prefix length, or leave it out.`;
  const address = said.take(path, got, readAddress(got, IpFamily.V4), cure);
  const fault = address === undefined ? undefined : memberFault(subnet, address);
  said.sayIf(path, got, fault, cure);
  return fault === undefined ? address : undefined;
}

/** The addresses that are lent: those that are written, or the upper quarter of the subnet. Undefined: unusable. */
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
