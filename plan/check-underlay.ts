import { contains, overlap } from "./addresses";
import type { Subnet } from "./addresses";
import { IpFamily, MAX_UNDERLAY_MTU, MIN_UNDERLAY_MTU } from "./mtu";
import { labelFault } from "./names";
import { readAddress, readSubnet } from "./read-address";
import { checkChoice, checkInteger, pathOf, sortedEntries, uriFault } from "./rules";
import { ImageKind, UnderlayMode } from "./types";
import type { Problem, Topology } from "./types";
import { labFamily, underlaysOf, writtenUnderlays } from "./underlays";
import type { Underlay } from "./underlays";

export function checkUnderlays(topology: Topology): Problem[] {
  const underlays = writtenUnderlays(topology);
  const named = Object.keys(topology.underlays ?? {}).length > 0;
  return [
    ...(named ? checkAlone(topology) : []),
    ...underlays.flatMap((underlay) => checkUnderlay(topology, underlay, named)),
    ...checkApart(underlays),
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
    ...checkLibvirtUri(underlay, named),
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

function checkLibvirtUri({ path, spec: { libvirtUri: got } }: Underlay, named: boolean): Problem[] {
  if (got === undefined) return [];
  const at = `${path}.libvirtUri`;
  if (!named) {
    const message = "Has no effect: the hypervisor of a lab with one underlay is vxlab:libvirtUri.";
    return [{ path: at, got, message, cure: "Leave it out, or name the underlay in underlays." }];
  }
  const message = uriFault(got);
  const cure = "Write one such as qemu+ssh://root@hypervisor/system, or leave it out.";
  return message === undefined ? [] : [{ path: at, got, message, cure }];
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
  const cure = "Choose a network outside it, for example in 10.0.0.0/8.";
  const underlays = underlaysOf(topology).flatMap((underlay) => underlay.subnet ?? []);
  const underlay = underlays.find((one) => overlap(one, subnet));
  if (underlay !== undefined) {
    const message = `Overlaps the underlay ${underlay.cidr}: the host could not tell tunnel from overlay.`;
    return [{ path, got, message, cure }];
  }
  const existing = sortedEntries(topology.hosts).filter(([, host]) => host.existing !== undefined);
  const vtep = existing.find(([, { address }]) => contains(subnet, readAddress(address).value ?? -1n));
  if (vtep === undefined) return [];
  const message = `Holds the address of ${pathOf("hosts", vtep[0])}: the others could not tell tunnel from overlay.`;
  return [{ path, got, message, cure }];
}
