/** Names of interfaces and hardware addresses: each belongs to one thing of the lab. */
import { readAddress } from "./addresses";
import { MAX_VNI } from "./check-segments";
import { bridgeNameOf } from "./defaults";
import { computedMac, macFault, MacKind, normalMac } from "./mac";
import { bridgeNameFault, labelFault, tunnelName, vethName } from "./names";
import { isIntegerIn, pathOf, repeated, sortedEntries } from "./rules";
import type { Claim } from "./rules";
import type { Problem, Topology } from "./types";

export function checkMacs(topology: Topology, lab?: string): Problem[] {
  const claims = [
    ...macClaims("hosts", topology.hosts, MacKind.Machine, lab),
    ...macClaims("containers", topology.containers, MacKind.Container, lab),
    ...bridgeMacs(topology, lab),
  ];
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
function macClaims(
  section: string,
  entries: Readonly<Record<string, { mac?: string }>>,
  kind: MacKind,
  lab: string | undefined,
): Claim[] {
  return sortedEntries(entries).flatMap(([name, { mac }]) => {
    const got: unknown = mac ?? (lab === undefined ? undefined : computedMac(lab, kind, name));
    const key = typeof got === "string" ? normalMac(got) : JSON.stringify(got);
    return got === undefined ? [] : [{ path: pathOf(section, name, "mac"), got, key }];
  });
}

function bridgeMacs(topology: Topology, lab: string | undefined): Claim[] {
  if (lab === undefined) return [];
  return sortedEntries(topology.hosts).map(([name]) => {
    const mac = computedMac(lab, MacKind.Bridge, name);
    return { path: pathOf("hosts", name, "bridge"), got: mac, key: mac };
  });
}

/**
 * Names are kept apart in the whole lab, although the kernel asks it of each host only: then no container's move and
 * no new host can bring two together.
 */
export function checkInterfaceNames(topology: Topology): Problem[] {
  const claims = [...tunnelClaims(topology), ...vethClaims(topology), ...bridgeClaims(topology)];
  return repeated(claims, "The interface name made from it", "Rename one of the two.");
}

function tunnelClaims(topology: Topology): Claim[] {
  // Hosts of one address and segments of one VNI would share their ports' names; that is reported as what it is.
  const addresses = new Set(Object.values(topology.hosts).map(({ address }) => address));
  const literals = [...addresses].filter((address) => readAddress(address).value !== undefined);
  const byVni = new Map(sortedEntries(topology.segments).map(([segment, { vni }]) => [vni, segment]));
  return [...byVni].flatMap(([vni, segment]) => {
    if (!isIntegerIn(vni, 1, MAX_VNI)) return [];
    const path = pathOf("segments", segment, "vni");
    return literals.map((address) => ({
      path,
      got: `${vni} towards ${address}`,
      key: tunnelName(vni, address),
    }));
  });
}

function vethClaims(topology: Topology): Claim[] {
  return sortedEntries(topology.containers).flatMap(([name]) => {
    const valid = labelFault(name) === undefined;
    return valid ? [{ path: pathOf("containers", name), got: name, key: vethName(name) }] : [];
  });
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
