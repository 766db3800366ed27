/** Routes, gateways, and what a container forwards as a router. */
import {
  EVERYTHING,
  contains,
  familyOf,
  literalNumber,
  memberFault,
  networksIn,
  subnetAround,
} from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { NO_ADDRESS } from "../../plan/ipam";
import { IpFamily } from "../../plan/net/family";
import type { Place, ResolvedContainer, ResolvedNic, ResolvedRoute } from "../../plan/resolved";
import { suggest } from "../../plan/rules";
import type { At } from "../../plan/values";
import { placesOf } from "./resolve-nics";
import type { ContainerSpec } from "./spec";
import type { RouteSpec } from "./spec-inside";

export function resolveRoutes(
  { routes }: ContainerSpec,
  nics: readonly ResolvedNic[],
  at: At,
  said: Findings,
): ResolvedRoute[] {
  if (!Array.isArray(routes)) return [];
  const seen = new Map<string, string>();
  return routes.flatMap((route: RouteSpec, index) => {
    const path = (key: string) => at("routes", index, key);
    const to = readDestination(path("to"), route.to, said);
    const via = literalNumber(route.via);
    const place = via === undefined ? undefined : placeWith(nics, via);
    const cure = "Write the address of a router in a segment of this container.";
    said.sayIf(
      path("via"),
      route.via,
      via === undefined ? "Is not an address." : viaFault(nics, via, place),
      cure,
    );
    if (to === undefined || via === undefined || place === undefined) return [];
    if (familyOf(via) !== to.family) {
      said.say(path("via"), route.via, `Is not of the family of ${to.cidr}.`, cure);
      return [];
    }
    const before = seen.get(to.cidr);
    if (before !== undefined)
      said.say(path("to"), route.to, `Has a route already: ${before}.`, "Remove one of the two.");
    seen.set(to.cidr, path("to"));
    return [{ to, via, place }];
  });
}

function readDestination(path: string, got: unknown, said: Findings): Subnet | undefined {
  const cure = "Write a network with its prefix length, for example 10.9.0.0/24, or an address.";
  const [literal = "", prefix, ...more] = typeof got === "string" ? got.split("/") : [];
  const address = literalNumber(literal);
  const bits = address !== undefined && literal.includes(":") ? 128 : 32;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : bits + 1;
  if (address === undefined || more.length > 0 || length > bits) {
    said.say(path, got, "Is not a network.", cure);
    return undefined;
  }
  if (length === 0) {
    const key = bits === 32 ? "gateway" : "gateway6";
    said.say(path, got, "Is the default route.", `Write ${key} on the interface instead.`);
    return undefined;
  }
  const subnet = subnetAround(address, length);
  if (subnet.first === address) return subnet;
  said.say(path, got, `Has host bits set: the network is ${subnet.cidr}.`, `Write ${subnet.cidr}.`);
  return undefined;
}

/** The place whose network has the address. */
function placeWith(nics: readonly ResolvedNic[], address: bigint): Place | undefined {
  return nics
    .flatMap((nic) => [...placesOf(nic)])
    .find(({ addresses, segment }) =>
      addresses.length === 0
        ? networksIn(segment).some((network) => contains(network, address))
        : addresses.some(({ subnet }) => contains(subnet, address)),
    );
}

function viaFault(nics: readonly ResolvedNic[], via: bigint, place: Place | undefined): string | undefined {
  if (place === undefined) return "Is in no segment in which this container has an address.";
  const own = nics.some((nic) =>
    placesOf(nic).some(({ addresses }) => addresses.some(({ address }) => address === via)),
  );
  return own ? "Is this container's own address." : undefined;
}

const KEY = { [IpFamily.V4]: "gateway", [IpFamily.V6]: "gateway6" } as const;

/** Default routes by the gateways that are written, with the lab's containers known; one for each family. */
export function resolveGateways(
  container: ResolvedContainer,
  all: readonly ResolvedContainer[],
  said: Findings,
): ResolvedRoute[] {
  return [IpFamily.V4, IpFamily.V6].flatMap((family) => {
    const key = KEY[family];
    const written = container.nics.filter(({ spec }) => spec[key] !== undefined && spec[key] !== NO_ADDRESS);
    const [first, second] = written;
    if (second !== undefined) {
      const message = `Is a second default route of the container: ${first?.at(key)} is one.`;
      said.say(second.at(key), second.spec[key], message, `Remove one of the two, or write ${key}: none.`);
    }
    return first === undefined ? [] : resolveGateway(first, family, all, said);
  });
}

function resolveGateway(
  nic: ResolvedNic,
  family: IpFamily,
  all: readonly ResolvedContainer[],
  said: Findings,
): ResolvedRoute[] {
  const key = KEY[family];
  const [path, got] = [nic.at(key), nic.spec[key]];
  const cure = "Write the address of a router in the segment, the name of a container there, or none.";
  const fault = (message: string, how = cure): [] => {
    said.say(path, got, message, how);
    return [];
  };
  if (nic.trunk !== undefined)
    return fault("Has no effect with trunk.", "Write routes, or an interface of its own.");
  if (nic.side !== undefined)
    return fault("Has no effect with chain: the interface has no address.", "Leave it out.");
  const { place } = nic;
  if (nic.dhcp && family === IpFamily.V4)
    return fault(
      "Has no effect with address: dhcp: the server sends the route.",
      "Write an address, or leave it out.",
    );
  const subnet = family === IpFamily.V4 ? place.segment.subnet : place.segment.subnet6;
  if (subnet === undefined)
    return fault(`Has no effect: segment ${place.segment.name} has no IPv${family} subnet.`);
  const own = place.addresses.find((one) => one.subnet.family === family)?.address;
  if (own === undefined) return fault(`Has no effect: the interface has no IPv${family} address.`);
  const via = literalNumber(got) ?? addressOf(all, String(got), place, family);
  if (via === undefined) {
    const message = "Is neither an address nor a container of the segment with one.";
    return fault(message, suggest(got, routersIn(all, nic, place, family), "container"));
  }
  const outside = memberFault(subnet, via);
  if (outside !== undefined) return fault(outside);
  if (via === own) return fault("Is this container's own address.");
  return [{ to: EVERYTHING[family], via, place }];
}

function routersIn(
  all: readonly ResolvedContainer[],
  nic: ResolvedNic,
  place: Place,
  family: IpFamily,
): string[] {
  const names = all.map(({ name }) => name).filter((name) => name !== nic.container);
  return names.filter((name) => addressOf(all, name, place, family) !== undefined);
}

function addressOf(
  all: readonly ResolvedContainer[],
  name: string,
  { segment }: Place,
  family: IpFamily,
): bigint | undefined {
  return all
    .filter((one) => one.name === name)
    .flatMap(({ nics }) => nics.flatMap((nic) => [...placesOf(nic)]))
    .filter((place) => place.segment === segment)
    .flatMap(({ addresses }) => addresses)
    .find(({ subnet }) => subnet.family === family)?.address;
}

/** Networks whose packets it forwards into a place, as they are written; undefined: not written. */
export function resolveForwards(nic: ResolvedNic, said: Findings): string[] | undefined {
  const got: unknown = nic.spec.forwards;
  if (got === undefined) return undefined;
  const path = nic.at("forwards");
  if (!Array.isArray(got)) {
    said.say(path, got, "Is not a list of networks.", "Write [10.0.4.0/24], or [0.0.0.0/0, ::/0] for all.");
    return [];
  }
  if (placesOf(nic).every(({ portSecurity }) => !portSecurity))
    said.say(path, got, "Has no effect: port security is off for this interface.", "Remove one of the two.");
  return got.flatMap((one: unknown, index) => {
    const to =
      one === "0.0.0.0/0" || one === "::/0" ? one : readDestination(`${path}[${index}]`, one, said)?.cidr;
    return to ?? [];
  });
}
