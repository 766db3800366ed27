/** Checks of underlays against each other, against their hypervisors, and against the networks of the overlay. */
import { addressText, contains, overlap, subnetAround } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import { addressOf, isLocal, uriFault } from "../../plan/libvirt-uri";
import type { Problem } from "../../plan/problem";
import type { ResolvedLab, ResolvedUnderlay } from "../../plan/resolved";
import { pathOf } from "../../plan/rules";
import { underlaysOf } from "./mtu";
import { withoutPassword } from "./resolve";
import { UnderlayMode } from "./spec";

export function checkUnderlays(lab: ResolvedLab): Problem[] {
  return [
    ...checkApart(lab.underlays.written),
    ...checkHypervisorsOutside(lab),
    ...lab.underlays.used.flatMap((underlay) => checkOpen(lab, underlay)),
  ];
}

function checkApart(underlays: readonly ResolvedUnderlay[]): Problem[] {
  return underlays.flatMap(({ path, subnet, spec: { cidr: got } }, index) => {
    const other = underlays.slice(0, index).find((one) => overlap(one.subnet, subnet));
    if (other === undefined) return [];
    const message = `Overlaps ${other.subnet.cidr} of ${other.path}: a host's address would be in both.`;
    return [{ path: `${path}.cidr`, got, message, cure: "Choose networks that do not overlap." }];
  });
}

/**
 * libvirt makes a bridge for the network, and gives the hypervisor its first address there. So the hypervisor would send packets for every
 * address of that network, its own LAN included, to that bridge.
 */
function checkHypervisorsOutside({ underlays: { used }, libvirtUri }: ResolvedLab): Problem[] {
  const uris = new Set(used.flatMap((underlay) => underlay.libvirtUri ?? libvirtUri ?? []));
  const known = [...uris].flatMap((uri) => {
    const address = uriFault(uri) === undefined ? addressOf(uri) : undefined;
    return address === undefined ? [] : [{ uri, address }];
  });
  return used.flatMap(({ path, spec, subnet }) => {
    const inside = known.find(({ address }) => contains(subnet, address));
    if (inside === undefined) return [];
    const message = `${subnet.cidr} contains ${addressText(inside.address)}, where libvirt answers (${inside.uri}): it would cut the hypervisor off from its own network.`;
    const cure = "Choose an unused network.";
    return [{ path: `${path}.cidr`, got: spec.cidr, message, cure }];
  });
}

/** libvirt drops packets from outside into a network that is isolated or behind NAT (libvirt.org/firewall.html). */
function checkOpen(lab: ResolvedLab, underlay: ResolvedUnderlay): Problem[] {
  const { path, mode, spec } = underlay;
  if (mode === UnderlayMode.Routed) return [];
  const message = closedTo(lab, underlay);
  const cure = "Write mode: routed, and add routes (docs/hypervisors.md).";
  return message === undefined ? [] : [{ path: `${path}.mode`, got: spec.mode, message, cure }];
}

function closedTo(lab: ResolvedLab, underlay: ResolvedUnderlay): string | undefined {
  const shut = underlay.mode === UnderlayMode.Nat ? "behind NAT" : "isolated";
  const crossing = lab.segments.find(({ members }) => {
    const spanned = underlaysOf(lab.underlays, members);
    return spanned.length > 1 && spanned.includes(underlay);
  });
  if (crossing !== undefined)
    return `Segment ${crossing.name} also has hosts on other underlays, and libvirt lets nothing into a network that is ${shut}.`;
  const uri = underlay.libvirtUri ?? lab.libvirtUri;
  if (uri === undefined || isLocal(uri)) return undefined;
  return `The hypervisor is another machine (${withoutPassword(uri)}), and libvirt there lets nothing from here into a network that is ${shut}.`;
}

/** The message for any network of the overlay that overlaps the underlay, or contains a VTEP. */
export function underlayClash(lab: ResolvedLab, path: string, got: unknown, subnet: Subnet): Problem[] {
  const cure = "Choose a network outside it, for example in 10.0.0.0/8.";
  const underlay = lab.underlays.used.find((one) => overlap(one.subnet, subnet));
  if (underlay !== undefined) {
    const message = `Overlaps the underlay ${underlay.subnet.cidr}: hosts could not tell tunnel packets from the overlay's.`;
    return [{ path, got, message, cure }];
  }
  const tunnels = encryptedNetworks(lab).find((one) => overlap(one, subnet));
  if (tunnels !== undefined) {
    const message = `Overlaps ${tunnels.cidr}, the addresses of the encrypted tunnels: hosts could not tell tunnel packets from the overlay's.`;
    return [{ path, got, message, cure: "Choose a network outside it, or write another tunnelCidr." }];
  }
  const inside = vtepsOutside(lab).find(({ address }) => contains(subnet, address));
  if (inside === undefined) return [];
  const message = `Contains ${addressText(inside.address)}, the VTEP of ${inside.host}: hosts could not tell tunnel packets from the overlay's.`;
  return [{ path, got, message, cure }];
}

/** Addresses of encrypted tunnels: whole networks, or, in an overlay, which does not have these networks, each address. */
function encryptedNetworks({ underlays, hosts, peers }: ResolvedLab): Subnet[] {
  const ends = [...hosts, ...peers].flatMap(({ encryption }) => encryption?.address ?? []);
  return [
    ...underlays.written.flatMap(({ encryption }) => encryption?.network ?? []),
    ...ends.map((address) => subnetAround(address, 32)),
  ];
}

/** Existing hosts and those of peers, which need not be in an underlay. */
function vtepsOutside({ hosts, peers, segments }: ResolvedLab): { host: string; address: bigint }[] {
  const existing = hosts.filter(({ kind }) => kind === "existing");
  return [
    ...existing.map(({ name, address }) => ({ host: pathOf("hosts", name), address })),
    ...peers,
    ...segments.flatMap(({ remotes }) => remotes),
  ];
}
