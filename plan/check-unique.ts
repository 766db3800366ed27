/** Names of interfaces and hardware addresses: each belongs to one thing of the lab. */
import { addressText } from "./addresses";
import { MAX_VNI } from "../components/segment/check";
import { bridgeNameOf, floodingOf } from "./defaults";
import { computedMac, macFault, MacKind, normalMac } from "./mac";
import { participants } from "../components/segment/mesh";
import {
  bridgeNameFault,
  flowPortName,
  labelFault,
  multicastName,
  tunnelName,
  serviceDevice,
  vethName,
} from "./names";
import { nicsOf } from "../components/container/nics";
import { readAddress } from "./read-address";
import { isIntegerIn, pathOf, repeated, sortedEntries } from "./rules";
import type { Claim } from "./rules";
import { Flooding } from "./types";
import type { Problem, SegmentSpec, Topology } from "./types";

export function checkMacs(topology: Topology, lab?: string): Problem[] {
  const claims = [...machineMacs(topology, lab), ...nicMacs(topology, lab), ...ownMacs(topology, lab)];
  const cure = "Write another address, such as 52:54:00 and three bytes of your own, or leave it out.";
  return [
    ...claims.flatMap(({ path, got }) => {
      const message = macFault(got);
      return message === undefined ? [] : [{ path, got, message, cure }];
    }),
    ...repeated(claims, "This MAC address", "Write an address of its own for one of the two."),
  ];
}

/** Written addresses, and where the lab is known, computed ones too. */
function macClaim(path: string, mac: unknown, computed: string | undefined): Claim[] {
  const got = mac ?? computed;
  const key = typeof got === "string" ? normalMac(got) : JSON.stringify(got);
  return got === undefined ? [] : [{ path, got, key }];
}

function machineMacs(topology: Topology, lab: string | undefined): Claim[] {
  const machines = sortedEntries(topology.hosts).filter(([, { existing }]) => existing === undefined);
  return machines.flatMap(([name, { mac }]) =>
    macClaim(pathOf("hosts", name, "mac"), mac, lab && computedMac(lab, MacKind.Machine, name)),
  );
}

function nicMacs(topology: Topology, lab: string | undefined): Claim[] {
  return nicsOf(topology).flatMap(({ container, number, spec, at }) =>
    macClaim(at("mac"), spec.mac, lab && computedMac(lab, MacKind.Container, container, number)),
  );
}

/** Nobody writes these. */
function ownMacs(topology: Topology, lab: string | undefined): Claim[] {
  if (lab === undefined) return [];
  const bridges = sortedEntries(topology.hosts).map(([name]) => {
    const mac = computedMac(lab, MacKind.Bridge, name);
    return { path: pathOf("hosts", name, "bridge"), got: mac, key: mac };
  });
  const services = servingSegments(topology).map(([name]) => {
    const mac = computedMac(lab, MacKind.Service, name);
    return { path: pathOf("segments", name), got: mac, key: mac };
  });
  return [...bridges, ...services];
}

function servingSegments(topology: Topology): [string, SegmentSpec][] {
  return sortedEntries(topology.segments).filter(
    ([, { dhcp, gateway }]) => dhcp !== undefined || gateway !== undefined,
  );
}

/**
 * Names are kept apart in the whole lab, although the kernel asks it of each host only: then no container's move and
 * no new host can bring two together.
 *
 * @param far VTEPs of other labs that all segments without `hosts` have tunnels to
 */
export function checkInterfaceNames(topology: Topology, far: readonly string[] = []): Problem[] {
  const claims = [
    ...tunnelClaims(topology, far),
    ...vethClaims(topology),
    ...serviceClaims(topology),
    ...bridgeClaims(topology),
  ];
  return repeated(claims, "The interface name made from it", "Rename one of the two.");
}

/** Only hashed addresses collide, those of IPv6; no name in the settings changes a tunnel's. */
const TUNNEL_CURE = "Give one of the two hosts another address.";

/** Hosts of one address and segments of one VNI would share their ports' names; that is reported as what it is. */
function tunnelClaims(topology: Topology, far: readonly string[]): Claim[] {
  const byVni = new Map(sortedEntries(topology.segments).map((entry) => [entry[1].vni, entry]));
  return [...byVni].flatMap(([vni, [name, segment]]): Claim[] => {
    if (!isIntegerIn(vni, 1, MAX_VNI)) return [];
    const path = pathOf("segments", name, "vni");
    const flooding = floodingOf(segment);
    if (flooding !== Flooding.Unicast)
      return devicesOf(flooding, vni).map((key) => ({ path, got: vni, key }));
    const remotes = [...vteps(topology, segment), ...(segment.hosts === undefined ? far : [])];
    return remotes.map((address) => ({
      path,
      got: `${vni} towards ${address}`,
      key: tunnelName(vni, address),
      owner: `${path} (${vni} towards ${address})`,
      cure: TUNNEL_CURE,
    }));
  });
}

/** With flows there is a bridge of their own, with a pair of patch ports to it (components/segment/guest.sh). */
function devicesOf(flooding: Flooding, vni: number): string[] {
  if (flooding === Flooding.Multicast) return [multicastName(vni)];
  return flooding === Flooding.Flow ? [flowPortName(vni), `bf${vni}`, `pf${vni}`, `pb${vni}`] : [];
}

function vteps(topology: Topology, segment: SegmentSpec): string[] {
  const numbers = participants(topology, segment).flatMap(
    ({ spec }) => readAddress(spec.address).value ?? [],
  );
  return [...new Set(numbers)].map(addressText);
}

function vethClaims(topology: Topology): Claim[] {
  return nicsOf(topology).flatMap(({ container, number }) => {
    const path = pathOf("containers", container);
    const key = vethName(container, number);
    return labelFault(container) === undefined ? [{ path, got: container, key }] : [];
  });
}

function serviceClaims(topology: Topology): Claim[] {
  return servingSegments(topology)
    .filter(([name]) => labelFault(name) === undefined)
    .map(([name]) => ({ path: pathOf("segments", name), got: name, key: serviceDevice(name) }));
}

/** A bridge's name may repeat on every host. */
function bridgeClaims(topology: Topology): Claim[] {
  const byName = new Map<string, Claim>();
  for (const [host, spec] of sortedEntries(topology.hosts)) {
    const got = bridgeNameOf(spec);
    const claim = { path: pathOf("hosts", host, "bridge"), got, key: got };
    if (bridgeNameFault(got) === undefined && !byName.has(got)) byName.set(got, claim);
  }
  return [...byName.values()];
}
