/** Gateways for the containers of single hosts, read. */
import type { InterfaceAddress } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import type { ResolvedGateway, ResolvedService } from "../../plan/resolved";
import { hasIpv6Only, ipv6Only, resolveHost, resolveMember, resolveService, writtenSix } from "./resolve";
import type { Input } from "./resolve";
import type { HostGatewaySpec } from "./spec";

/** The segment's services. */
export function resolveServices(
  input: Input,
  said: Findings,
): { service: ResolvedService | undefined; gateways: ResolvedGateway[] } {
  const service = resolveService(input, said);
  return { service, gateways: resolveGateways(input, service, said) };
}

/** @param own the segment's own DHCP server and gateway */
function resolveGateways(input: Input, own: ResolvedService | undefined, said: Findings): ResolvedGateway[] {
  const hosts = new Set(own === undefined ? [] : [own.host]);
  return (input.spec.gateways ?? []).flatMap((gateway, index) => {
    const at = (...keys: string[]) => input.at("gateways", index, ...keys);
    const host = resolveHost(at("host"), gateway.host, input, said);
    const six = writtenSix(input, at("address6"), gateway.address6, said);
    const four = host === undefined ? undefined : resolveFour(input, host, gateway, at, said);
    if (host === undefined || (four === undefined && six === undefined)) return [];
    if (hosts.has(host)) {
      const message = "Already has the segment's DHCP server or another gateway.";
      said.say(at("host"), host, message, "Name another host of the segment, or remove one of the two.");
      return [];
    }
    hosts.add(host);
    const addresses = { ...(four === undefined ? {} : { four }), ...(six === undefined ? {} : { six }) };
    return [{ host, path: at(), ...addresses, nat: four !== undefined }];
  });
}

/** Required, with no default: the subnet's first address is for the segment's own gateway. */
function resolveFour(
  input: Input,
  host: string,
  { address: got, address6 }: HostGatewaySpec,
  at: (...keys: string[]) => string,
  said: Findings,
): InterfaceAddress | undefined {
  const { spec, subnet } = input;
  if (got !== undefined && spec.subnet === undefined) {
    const cure = `Write ${input.at("subnet")}, or leave it out.`;
    said.say(at("address"), got, "Is for IPv4, but the segment has no IPv4 subnet.", cure);
    return undefined;
  }
  if (got === undefined && address6 !== undefined) return undefined;
  if (got === undefined) {
    const key = spec.subnet === undefined ? "address6" : "address";
    const cure = "Write an address of the subnet for it, without prefix length.";
    said.say(at(key), got, "Is missing: each gateway has an address of its own.", cure);
    return undefined;
  }
  if (subnet === undefined) return undefined;
  if (hasIpv6Only(input, host)) {
    said.add([ipv6Only(at("address"), host, got)]);
    return undefined;
  }
  const address = resolveMember(at("address"), got, subnet, said);
  return address === undefined ? undefined : { subnet, address };
}
