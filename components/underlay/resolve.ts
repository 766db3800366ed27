/** The networks under a lab, read: one, or one on each of several hypervisors. */
import { contains, familyOf, gatewayOf } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { uriFault } from "../../plan/libvirt-uri";
import { labelFault } from "../../plan/names";
import { IpFamily } from "../../plan/net/family";
import type { Problem } from "../../plan/problem";
import { readAddress, readSubnet } from "../../plan/read-address";
import type { Reading } from "../../plan/read-address";
import { pathOf, sortedEntries } from "../../plan/rules";
import type { Topology } from "../../plan/settings";
import type { ResolvedUnderlay, Underlays } from "../../plan/resolved";
import { simpleValues } from "../../plan/values";
import { resolveEncryption } from "../encryption/resolve";
import { UNDERLAY, USUAL_MODE, UnderlayMode } from "./spec";
import type { UnderlaySpec } from "./spec";

/** What a lab's single underlay is called. */
export const SINGLE_UNDERLAY = "underlay";

interface Written {
  name: string;
  path: string;
  spec: UnderlaySpec;
  usualMode: UnderlayMode;
  read: Reading<Subnet>;
}

export function resolveUnderlays(topology: Topology, said: Findings): Underlays {
  const written = writtenUnderlays(topology);
  const named = Object.keys(topology.underlays ?? {}).length > 0;
  const hosts = sortedEntries(topology.hosts);
  const isUsed = hosts.length === 0 || hosts.some(([, { existing }]) => existing === undefined);
  const family = labFamily(isUsed ? written : [], topology);
  if (named) checkAlone(topology, said);
  const resolved = written.flatMap((one) => resolveUnderlay(one, { family, named, isUsed }, said) ?? []);
  return {
    used: isUsed ? resolved : [],
    written: resolved,
    complete: resolved.length === written.length,
    family,
  };
}

function writtenUnderlays(topology: Topology): Written[] {
  const several = sortedEntries(topology.underlays ?? {});
  const written = (name: string, path: string, spec: UnderlaySpec, usualMode: UnderlayMode) => ({
    ...{ name, path, spec, usualMode, read: readSubnet(spec.cidr ?? UNDERLAY.cidr.default) },
  });
  if (several.length === 0)
    return [written(SINGLE_UNDERLAY, SINGLE_UNDERLAY, topology.underlay, USUAL_MODE.single)];
  return several.map(([name, spec]) => written(name, pathOf("underlays", name), spec, USUAL_MODE.several));
}

/** The IP family of the first used underlay or host that has one: all others must have the same. */
function labFamily(used: readonly Written[], { hosts }: Topology): IpFamily {
  const [subnet] = used.flatMap(({ read }) => read.value ?? []);
  if (subnet !== undefined) return subnet.family;
  const [address] = sortedEntries(hosts).flatMap(([, host]) => readAddress(host.address).value ?? []);
  return address === undefined ? IpFamily.V4 : familyOf(address);
}

function checkAlone({ underlay: got }: Topology, said: Findings): void {
  if (Object.keys(got).length === 0) return;
  const message = "Cannot be combined with vxlab:underlays.";
  said.say("underlay", got, message, "Write underlay: {}, or leave underlays out.");
}

interface Context {
  family: IpFamily;
  /** One of `underlays`. */
  named: boolean;
  isUsed: boolean;
}

function resolveUnderlay(
  { name, path, spec, usualMode, read }: Written,
  context: Context,
  said: Findings,
): ResolvedUnderlay | undefined {
  if (context.named) said.sayIf(path, name, labelFault(name), "Rename the underlay, for example north.");
  const cure = "Write a network such as 192.168.10.0/24 or fd00:10::/64, or leave it out.";
  const subnet = said.take(`${path}.cidr`, spec.cidr, ofFamily(read, context), cure);
  const {
    mtu,
    mode = usualMode,
    accel,
    ...more
  } = simpleValues(UNDERLAY, spec, (...keys) => `${path}.${keys.join(".")}`, said);
  // An unusable MTU is replaced by the largest one, so that no problem is reported for segments.
  const usableMtu = spec.mtu === undefined || spec.mtu === mtu ? mtu : UNDERLAY.mtu.max;
  const nameservers = resolveNameservers({ path, spec, mode, subnet }, context, said);
  resolveHypervisor(path, spec, context, said);
  const encryption = resolveEncryption(path, spec, more, said);
  if (subnet === undefined) return undefined;
  const { libvirtUri } = spec;
  return {
    ...{ name, path, spec, subnet, gateway: gatewayOf(subnet), mtu: usableMtu, mode },
    nameservers: nameservers ?? (mode === UnderlayMode.Isolated ? [] : [gatewayOf(subnet)]),
    ...(libvirtUri === undefined || uriFault(libvirtUri) !== undefined ? {} : { libvirtUri }),
    ...(accel === undefined ? {} : { accel }),
    ...(encryption === undefined ? {} : { encryption }),
  };
}

/** Both VTEPs of a tunnel have the same IP family, and so has the MTU. */
function ofFamily(read: Reading<Subnet>, { family, isUsed }: Context): Reading<Subnet> {
  if (read.value === undefined || !isUsed || read.value.family === family) return read;
  const own = read.value.family;
  const fault = `Is IPv${own}, but the lab's tunnels run over IPv${family}: all underlays and hosts are of one family.`;
  return { fault };
}

interface Asked {
  path: string;
  spec: UnderlaySpec;
  mode: UnderlayMode;
  subnet: Subnet | undefined;
}

/** Undefined: the default. libvirt's dnsmasq forwards the machines' queries, except on an isolated network (`no-resolv`). */
function resolveNameservers(asked: Asked, context: Context, said: Findings): bigint[] | undefined {
  const path = `${asked.path}.nameservers`;
  const { nameservers: got } = asked.spec;
  const { most } = UNDERLAY.nameservers;
  const cure = `Write a list of up to ${most} addresses, [] for none, or leave it out.`;
  if (got === undefined) return undefined;
  if (!Array.isArray(got)) {
    said.say(path, got, "Is not a list of addresses.", cure);
    return undefined;
  }
  if (got.length > most) {
    said.say(path, got, `Has ${got.length} addresses, of which machines use only the first ${most}.`, cure);
    return undefined;
  }
  return got.flatMap((one, index) => resolveNameserver(asked, `${path}[${index}]`, one, context, said) ?? []);
}

function resolveNameserver(
  { path: underlay, mode, subnet }: Asked,
  path: string,
  got: unknown,
  { family }: Context,
  said: Findings,
): bigint | undefined {
  const cure = "Write the address of a name server that the machines can reach.";
  const address = said.take(path, got, readAddress(got, family), cure);
  if (address === undefined || subnet === undefined || mode !== UnderlayMode.Isolated) return address;
  if (contains(subnet, address)) return address;
  const message = `Is outside ${subnet.cidr}, and this underlay is isolated: the machines cannot reach it.`;
  said.say(path, got, message, `Write ${underlay}.mode: nat, or leave it out.`);
  return undefined;
}

function resolveHypervisor(
  path: string,
  { libvirtUri, accel }: UnderlaySpec,
  { named }: Context,
  said: Findings,
): void {
  if (named) {
    said.add(checkUri(`${path}.libvirtUri`, libvirtUri));
    return;
  }
  for (const [key, got] of Object.entries({ libvirtUri, accel })) {
    if (got === undefined) continue;
    const message = "Has no effect here: it belongs to one of several underlays.";
    const cure = `With a single underlay, set vxlab:${key} instead, or name the underlay in underlays.`;
    said.say(`${path}.${key}`, got, message, cure);
  }
}

/** Any setting that is a hypervisor's URI. @param path of the setting, or the name of an environment variable */
export function checkUri(path: string, got: unknown): Problem[] {
  const message = got === undefined ? undefined : uriFault(got);
  const shown = typeof got === "string" ? withoutPassword(got) : got;
  const cure = "Write one such as qemu:///system or qemu+ssh://root@hypervisor/system, or leave it out.";
  return message === undefined ? [] : [{ path, got: shown, message, cure }];
}

/** A URI without its password, since problems are printed and logged. */
export function withoutPassword(uri: string): string {
  return uri.replace(/:[^/]*@/, ":…@");
}

/** The underlay that holds an address. */
export function underlayAt(
  underlays: readonly ResolvedUnderlay[],
  address: bigint,
): ResolvedUnderlay | undefined {
  return underlays.find(({ subnet }) => contains(subnet, address));
}
