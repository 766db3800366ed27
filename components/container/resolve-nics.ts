/** The interfaces of a container, read, in both forms that settings allow, and the segments that each is in. */
import type { Findings } from "../../plan/findings";
import { LENT_ADDRESS, NO_ADDRESS } from "../../plan/ipam";
import { computedMac, macFault, MacKind, MAC_CURE, normalMac } from "../../plan/mac";
import type { Problem } from "../../plan/problem";
import type { AccessNic, Place, ResolvedNic, ResolvedSegment, SideNic, TrunkNic } from "../../plan/resolved";
import { checkList, compareText, pathOf, repeated, suggest } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import { isMapping } from "../../plan/shape";
import { checkValue } from "../../plan/values";
import type { At } from "../../plan/values";
import type { Segments } from "../segment/resolve";
import { resolveAddresses, trunkAddresses } from "./resolve-addresses";
import type { Named } from "./resolve-addresses";
import { CONTAINER, INTERFACE } from "./spec";
import type { ChainSide, ContainerSpec, InterfaceSpec } from "./spec";

interface Container {
  name: string;
  spec: ContainerSpec;
  /** Undefined: unknown, which has been reported. */
  host: string | undefined;
  at: At;
  /** The lab's identity. */
  lab: string;
  segments: Segments;
}

/** One interface as it is written. */
interface Written {
  number: number;
  spec: InterfaceSpec;
  at: (key: string) => string;
}

/** Those with a usable segment, in their order. */
export function resolveNics(topology: Topology, container: Container, said: Findings): ResolvedNic[] {
  const { name, spec, at } = container;
  checkInterfaces(at, spec, said);
  const written: Written[] = Array.isArray(spec.interfaces)
    ? spec.interfaces.map((nic, number) => ({
        number,
        spec: nic,
        at: (key) => pathOf("containers", name, "interfaces", number, key),
      }))
    : [{ number: 0, spec, at: (key) => at(key) }];
  if (spec.interfaces !== undefined)
    said.add(checkValue(at("portSecurity"), spec.portSecurity, CONTAINER.portSecurity));
  const nics = written.flatMap((one) => resolveNic(topology, container, one, said) ?? []);
  checkSides(at, nics, said);
  checkPlaces(container, nics.flatMap(placesOf), said);
  return nics;
}

/** The places of an interface, one on a trunk for each segment. */
export function placesOf(nic: ResolvedNic): readonly Place[] {
  return nic.trunk ?? (nic.place === undefined ? [] : [nic.place]);
}

/** Settings of an interface only; portSecurity can also be set on the container. */
const NIC_KEYS = [
  ...(["segment", "address", "address6", "mac", "trunk", "addresses", "addresses6"] as const),
  ...(["gateway", "gateway6", "forwards", "chain"] as const),
];

/** On the container or in the list, not both. */
function checkInterfaces(at: At, spec: ContainerSpec, said: Findings): void {
  const got: unknown = spec.interfaces;
  if (got === undefined) return;
  const { fewest, most } = CONTAINER.interfaces;
  if (!Array.isArray(got) || got.length < fewest || got.length > most) {
    const message = `Is not a list of ${fewest} to ${most} interfaces.`;
    said.say(at("interfaces"), got, message, "Write [{ segment: … }, { segment: … }].");
  }
  for (const key of NIC_KEYS) {
    const message = "Cannot be combined with interfaces: set it on one interface.";
    if (spec[key] !== undefined) said.say(at(key), spec[key], message, "Move it into interfaces.");
  }
}

function resolveNic(
  topology: Topology,
  container: Container,
  written: Written,
  said: Findings,
): ResolvedNic | undefined {
  const { number, spec, at } = written;
  const { name, lab } = container;
  said.add(checkValue(at("portSecurity"), spec.portSecurity, INTERFACE.portSecurity));
  const macProblem = spec.mac === undefined ? undefined : macFault(spec.mac);
  said.sayIf(at("mac"), spec.mac, macProblem, MAC_CURE);
  const usable = macProblem === undefined ? spec.mac : undefined;
  const mac = normalMac(usable ?? computedMac(lab, MacKind.Container, name, number));
  const nic = { container: name, number, spec, at, mac };
  if (spec.chain !== undefined) return resolveSide(nic, spec.chain, said);
  return spec.trunk === undefined
    ? resolveAccess(topology, container, nic, said)
    : resolveTrunk(topology, container, nic, said);
}

/** An interface before its segments are known. */
type Unplugged = Omit<TrunkNic, "trunk" | "place" | "side">;

function resolveAccess(
  topology: Topology,
  container: Container,
  nic: Unplugged,
  said: Findings,
): AccessNic | undefined {
  const { spec, at } = nic;
  const names = Object.keys(topology.segments);
  const name: unknown = spec.segment ?? (names.length === 1 ? names[0] : undefined);
  const named = segmentNamed(topology, container, name);
  if (named.spec === undefined) said.add([segmentProblem(topology, at("segment"), spec.segment)]);
  for (const key of ["addresses", "addresses6"] as const)
    if (spec[key] !== undefined)
      said.say(
        at(key),
        spec[key],
        "Has no effect without trunk.",
        `Write ${key === "addresses" ? "address" : "address6"} instead.`,
      );
  const addresses = resolveAddresses(nic, named, said);
  const { segment } = named;
  if (segment === undefined) return undefined;
  const portSecurity = portSecurityOf(container, spec, segment);
  return {
    ...nic,
    place: { segment, path: at("segment"), got: spec.segment, addresses, portSecurity },
    dhcp: spec.address === LENT_ADDRESS,
    bare: spec.address === NO_ADDRESS,
  };
}

function segmentNamed(topology: Topology, { segments }: Container, name: unknown): Named {
  const text = String(name);
  if (typeof name !== "string" || !Object.hasOwn(topology.segments, name)) return { name: text };
  const segment = segments.segments.find((one) => one.name === name);
  const network = segments.networks.find((one) => one.name === name);
  return {
    ...{ name, spec: topology.segments[name] },
    ...(network === undefined ? {} : { network }),
    ...(segment === undefined ? {} : { segment }),
  };
}

function segmentProblem(topology: Topology, path: string, got: unknown): Problem {
  const known = Object.keys(topology.segments).sort(compareText);
  const missing =
    known.length === 0 ? "Is missing, and there is no segment." : "Is missing, and there are several.";
  const message = got === undefined ? missing : "Is not a segment of this lab.";
  return { path, got, message, cure: suggest(got, known, "segment") };
}

function resolveTrunk(
  topology: Topology,
  container: Container,
  nic: Unplugged,
  said: Findings,
): TrunkNic | undefined {
  const { spec, at } = nic;
  const path = at("trunk");
  const got: unknown = spec.trunk;
  said.add(checkList(path, got, "Write a list of segments that have a VLAN."));
  checkBesideTrunk(nic, said);
  checkTrunkAddresses(nic, said);
  if (!Array.isArray(got)) return undefined;
  const trunk = got.flatMap((name: unknown, index): (Place & { vlan: number })[] => {
    const place = { path: `${path}[${index}]`, got: name };
    const named = segmentNamed(topology, container, name);
    if (named.spec === undefined) said.add([segmentProblem(topology, place.path, name)]);
    else if (named.spec.vlan === undefined) {
      const cure = `Give ${pathOf("segments", named.name)} a vlan, or an interface of its own.`;
      said.say(place.path, name, "Has no VLAN, but a trunk carries tagged frames only.", cure);
    }
    const { segment } = named;
    if (segment?.vlan === undefined) return [];
    const addresses = trunkAddresses(nic, named, place.path, said);
    const portSecurity = portSecurityOf(container, spec, segment);
    return [{ ...place, segment, addresses, portSecurity, vlan: segment.vlan }];
  });
  return { ...nic, trunk };
}

/** A side of a transparent middle box. */
function resolveSide(nic: Unplugged, side: ChainSide, said: Findings): SideNic | undefined {
  const { spec, at } = nic;
  const problems = checkValue(at("chain"), side, INTERFACE.chain);
  said.add(problems);
  for (const key of ["segment", "address", "address6", "trunk", "portSecurity"] as const) {
    const message = "Has no effect with chain: a side of a middle box is in no segment, and has no address.";
    if (spec[key] !== undefined) said.say(at(key), spec[key], message, "Leave it out.");
  }
  return problems.length === 0 ? { ...nic, side } : undefined;
}

/** A transparent middle box has one interface for each side. */
function checkSides(at: At, nics: readonly ResolvedNic[], said: Findings): void {
  const sides = nics.flatMap(({ side }) => side ?? []);
  if (sides.length === 0 || (sides.length === 2 && sides[0] !== sides[1])) return;
  const message =
    "Is not a transparent middle box: that has one interface with chain: in, and one with chain: out.";
  said.say(at("interfaces"), sides, message, "Write interfaces: [{ chain: in }, { chain: out }].");
}

/** Of segments that the trunk carries. */
function checkTrunkAddresses({ spec, at }: Unplugged, said: Findings): void {
  for (const key of ["addresses", "addresses6"] as const) {
    const got: unknown = spec[key];
    const names: readonly string[] = Array.isArray(spec.trunk) ? spec.trunk : [];
    const cure = `Write { ${names[0] ?? "red"}: "ADDRESS/LENGTH" }, with segments of the trunk.`;
    if (got === undefined) continue;
    if (!isMapping(got)) said.say(at(key), got, "Is not a mapping of segments to addresses.", cure);
    else
      for (const name of Object.keys(got).filter((one) => !names.includes(one)))
        said.say(at(key), name, "Is not a segment of the trunk.", cure);
  }
}

function checkBesideTrunk({ spec, at }: Unplugged, said: Findings): void {
  const { segment, address, address6 } = spec;
  for (const [key, got] of Object.entries({ segment, address, address6 })) {
    const message = "Has no effect with trunk: vxlab computes an address for each of its segments.";
    if (got !== undefined) said.say(at(key), got, message, "Leave it out.");
  }
}

/** The interface's setting, else its container's, else its segment's. */
function portSecurityOf({ spec: own }: Container, spec: InterfaceSpec, segment: ResolvedSegment): boolean {
  return [spec, own, segment.spec].find((one) => one.portSecurity !== undefined)?.portSecurity !== false;
}

/** The container's host is in all of its segments, and the container once in each. */
function checkPlaces({ host, at }: Container, places: readonly Place[], said: Findings): void {
  for (const { segment } of host === undefined ? [] : places) {
    if (segment.names.some((name) => name === host)) continue;
    const hosts = pathOf("segments", segment.name, "hosts");
    const message = `Is not in segment ${segment.name}: ${hosts} does not list it.`;
    said.say(at("host"), host, message, `Add ${host} to ${hosts}, or move the container to one of them.`);
  }
  const claims = places.map(({ path, got, segment }) => ({ path, got, key: segment.name }));
  const cure = "Name another segment: a container can be in a segment only once.";
  said.add(repeated(claims, "This segment of the container", cure));
}
