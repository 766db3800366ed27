import { addressText, contains, overlap } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { checkPlace } from "../host/check-place";
import { IpFamily, MAX_UNDERLAY_MTU, MIN_UNDERLAY_MTU } from "../../plan/mtu";
import { addressOf, isLocal, uriFault } from "../../plan/libvirt-uri";
import { labelFault } from "../../plan/names";
import { readAddress, readSubnet } from "../../plan/read-address";
import { checkChoice, checkInteger, pathOf, sortedEntries } from "../../plan/rules";
import { Accel, ImageKind, UnderlayMode } from "../../plan/types";
import type { Problem, Topology } from "../../plan/types";
import { labFamily, underlaysOf, underlaysSpanned, writtenUnderlays } from "./underlays";
import type { Underlay } from "./underlays";

/** @param libvirtUri the hypervisor of underlays that name none; without it that is taken for this machine */
export function checkUnderlays(topology: Topology, libvirtUri?: string): Problem[] {
  const underlays = writtenUnderlays(topology);
  const named = Object.keys(topology.underlays ?? {}).length > 0;
  return [
    ...(named ? checkAlone(topology) : []),
    ...underlays.flatMap((underlay) => checkUnderlay(topology, underlay, named)),
    ...checkApart(underlays),
    ...checkPlace(topology),
    ...checkUri("libvirtUri", libvirtUri),
    ...checkHypervisorsOutside(topology, libvirtUri),
    ...underlaysOf(topology).flatMap((underlay) => checkOpen(topology, underlay, libvirtUri)),
  ];
}

function checkAlone({ underlay: got }: Topology): Problem[] {
  if (Object.keys(got).length === 0) return [];
  const message = "Stands beside underlays, and a lab has one or the other.";
  return [{ path: "underlay", got, message, cure: "Write underlay: {}, or leave underlays out." }];
}

function checkUnderlay(topology: Topology, underlay: Underlay, named: boolean): Problem[] {
  const { name, path, mtu, mode } = underlay;
  const range = { min: MIN_UNDERLAY_MTU, max: MAX_UNDERLAY_MTU, unit: "bytes" };
  const fault = named ? labelFault(name) : undefined;
  return [
    ...(fault === undefined
      ? []
      : [{ path, got: name, message: fault, cure: "Rename the underlay, for example north." }]),
    ...checkCidr(topology, underlay),
    ...checkInteger(`${path}.mtu`, mtu, range),
    ...checkChoice(`${path}.mode`, mode, Object.values(UnderlayMode)),
    ...checkNameservers(topology, underlay),
    ...checkHypervisor(underlay, named),
  ];
}

function checkCidr(topology: Topology, { path, cidr, spec, subnet }: Underlay): Problem[] {
  const fault = readSubnet(cidr).fault ?? familyFault(topology, subnet);
  const cure = "Write a network such as 192.168.10.0/24 or fd00:10::/64, or leave it out.";
  return fault === undefined ? [] : [{ path: `${path}.cidr`, got: spec.cidr, message: fault, cure }];
}

function familyFault(topology: Topology, subnet: Subnet | undefined): string | undefined {
  const family = labFamily(topology);
  const used = subnet !== undefined && underlaysOf(topology).length > 0;
  return used && subnet.family !== family ? mixed(subnet.family, family) : undefined;
}

/** A tunnel has a VTEP of one family at either end, and the overhead of one family counts in the MTU. */
function mixed(own: IpFamily, family: IpFamily): string {
  return `Is IPv${own}, but the lab's tunnels run over IPv${family}: all underlays and hosts are of one family.`;
}

/** Whoever reads resolv.conf(5) asks no more than these (MAXNS). */
const MAX_NAMESERVERS = 3;

function checkNameservers(topology: Topology, underlay: Underlay): Problem[] {
  const path = `${underlay.path}.nameservers`;
  const { nameservers: got } = underlay.spec;
  const cure = `Write a list of up to ${MAX_NAMESERVERS} addresses, [] for none, or leave it out.`;
  if (got === undefined) return [];
  if (!Array.isArray(got)) return [{ path, got, message: "Is not a list of addresses.", cure }];
  if (got.length > MAX_NAMESERVERS) {
    const message = `Has ${got.length} addresses, of which machines ask the first ${MAX_NAMESERVERS} only.`;
    return [{ path, got, message, cure }];
  }
  return got.flatMap((one, index) => checkNameserver(topology, underlay, `${path}[${index}]`, one));
}

function checkNameserver(topology: Topology, underlay: Underlay, path: string, got: unknown): Problem[] {
  const { value, fault } = readAddress(got, labFamily(topology));
  if (fault !== undefined) {
    const cure = "Write the address of a name server that the machines can reach.";
    return [{ path, got, message: fault, cure }];
  }
  const { mode, subnet } = underlay;
  if (mode !== UnderlayMode.Isolated || subnet === undefined || contains(subnet, value)) return [];
  const message = `Is outside ${subnet.cidr}, and this underlay is isolated: the machines cannot reach it.`;
  return [{ path, got, message, cure: `Write ${underlay.path}.mode: nat, or leave it out.` }];
}

function checkHypervisor({ path, spec: { libvirtUri, accel } }: Underlay, named: boolean): Problem[] {
  if (!named) return [...idle(path, "libvirtUri", libvirtUri), ...idle(path, "accel", accel)];
  return [
    ...checkUri(`${path}.libvirtUri`, libvirtUri),
    ...checkChoice(`${path}.accel`, accel, Object.values(Accel)),
  ];
}

/** Any setting that is a hypervisor's URI. @param path of the setting, or the name of an environment variable */
export function checkUri(path: string, got: unknown): Problem[] {
  const message = got === undefined ? undefined : uriFault(got);
  return message === undefined
    ? []
    : [{ path, got: typeof got === "string" ? withoutPassword(got) : got, message, cure: URI_CURE }];
}

/** A problem is printed, and logged by whoever runs Pulumi. */
function withoutPassword(uri: string): string {
  return uri.replace(/:[^/]*@/, ":…@");
}

const URI_CURE = "Write one such as qemu:///system or qemu+ssh://root@hypervisor/system, or leave it out.";

/**
 * libvirt gives the hypervisor the first address of a network on a bridge of its own, so the hypervisor would look for
 * everything else in that network, its own LAN included, behind that bridge.
 */
function checkHypervisorsOutside(topology: Topology, libvirtUri?: string): Problem[] {
  const underlays = underlaysOf(topology);
  const uris = new Set(underlays.map(({ spec }) => spec.libvirtUri ?? libvirtUri));
  const known = [...uris].flatMap((uri) => {
    const address = typeof uri === "string" && uriFault(uri) === undefined ? addressOf(uri) : undefined;
    return address === undefined ? [] : [{ uri, address }];
  });
  return underlays.flatMap(({ path, cidr, spec, subnet }) => {
    const inside = known.find(({ address }) => subnet !== undefined && contains(subnet, address));
    if (inside === undefined) return [];
    const message = `${cidr} holds ${addressText(inside.address)}, where libvirt answers (${inside.uri}): the hypervisor would be cut off from its own network.`;
    const cure = "Choose a network that is in use nowhere else.";
    return [{ path: `${path}.cidr`, got: spec.cidr, message, cure }];
  });
}

function idle(path: string, key: string, got: unknown): Problem[] {
  if (got === undefined) return [];
  const message = "Has no effect here: it belongs to one of several underlays.";
  const cure = `With a single underlay, set vxlab:${key} instead, or name the underlay in underlays.`;
  return [{ path: `${path}.${key}`, got, message, cure }];
}

/** Into a network that is isolated or behind NAT libvirt lets nothing from outside (libvirt.org/firewall.html). */
function checkOpen(topology: Topology, underlay: Underlay, libvirtUri?: string): Problem[] {
  const { path, mode, spec } = underlay;
  if (mode !== UnderlayMode.Isolated && mode !== UnderlayMode.Nat) return [];
  const message = closedTo(topology, underlay, spec.libvirtUri ?? libvirtUri);
  const cure = "Write mode: routed, and see to the routes (docs/hypervisors.md).";
  return message === undefined ? [] : [{ path: `${path}.mode`, got: spec.mode, message, cure }];
}

function closedTo(topology: Topology, { name, mode }: Underlay, uri: unknown): string | undefined {
  const shut = mode === UnderlayMode.Nat ? "behind NAT" : "isolated";
  const crossing = sortedEntries(topology.segments).find(([, segment]) => {
    const spanned = underlaysSpanned(topology, segment);
    return spanned.length > 1 && spanned.some((one) => one.name === name);
  });
  if (crossing !== undefined)
    return `Segment ${crossing[0]} has hosts on other underlays too, and nothing gets into a network that is ${shut}.`;
  if (typeof uri !== "string" || isLocal(uri)) return undefined;
  return `The hypervisor is another machine (${withoutPassword(uri)}), and nothing gets from here into a network that is ${shut}.`;
}

function checkApart(underlays: readonly Underlay[]): Problem[] {
  return underlays.flatMap(({ path, subnet, spec: { cidr: got } }, index) => {
    const other = underlays
      .slice(0, index)
      .find((one) => one.subnet !== undefined && subnet !== undefined && overlap(one.subnet, subnet));
    if (other === undefined) return [];
    const message = `Overlaps ${other.subnet?.cidr} of ${other.path}: a host's address would be in both.`;
    return [{ path: `${path}.cidr`, got, message, cure: "Choose networks that do not overlap." }];
  });
}

export function checkImage(topology: Topology): Problem[] {
  const { kind, path: got } = topology.image;
  const path = "image.path";
  const wrong = checkChoice("image.kind", kind, Object.values(ImageKind));
  if (got === undefined && kind === ImageKind.Cloud) {
    const cure = "Give the path of a qcow2 file on the machine where Pulumi runs.";
    return [...wrong, { path, got, message: "Is missing, and a cloud image is not built here.", cure }];
  }
  const usable = got === undefined || (typeof got === "string" && got !== "" && !got.includes("\0"));
  if (usable) return wrong;
  return [
    ...wrong,
    { path, got, message: "Is not the path of a file.", cure: "Give the path of a qcow2 file." },
  ];
}

/** The one sentence for anything of the overlay that reaches into the underlay. */
export function underlayClash(topology: Topology, path: string, got: unknown, subnet: Subnet): Problem[] {
  const cure = OUTSIDE;
  const underlays = underlaysOf(topology).flatMap((underlay) => underlay.subnet ?? []);
  const underlay = underlays.find((one) => overlap(one, subnet));
  if (underlay !== undefined) {
    const message = `Overlaps the underlay ${underlay.cidr}: hosts could not tell tunnel packets from the overlay's.`;
    return [{ path, got, message, cure }];
  }
  const existing = sortedEntries(topology.hosts).filter(([, host]) => host.existing !== undefined);
  const vtep = existing.find(([, { address }]) => contains(subnet, readAddress(address).value ?? -1n));
  return vtep === undefined
    ? []
    : vtepClash(path, got, subnet, [[pathOf("hosts", vtep[0]), vtep[1].address]]);
}

/** @param vteps with the place where each is written */
export function vtepClash(
  path: string,
  got: unknown,
  subnet: Subnet,
  vteps: readonly (readonly [place: string, address: string])[],
): Problem[] {
  const inside = vteps.find(([, address]) => contains(subnet, readAddress(address).value ?? -1n));
  if (inside === undefined) return [];
  const message = `Holds ${inside[1]}, the VTEP of ${inside[0]}: hosts could not tell tunnel packets from the overlay's.`;
  return [{ path, got, message, cure: OUTSIDE }];
}

const OUTSIDE = "Choose a network outside it, for example in 10.0.0.0/8.";
