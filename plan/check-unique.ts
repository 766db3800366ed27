/** Names of interfaces and hardware addresses: each belongs to one thing of the lab. */
import { endpointOf } from "../components/encryption/endpoint";
import { wayOf } from "../components/segment/ways";
import { servicesOf } from "../components/service/of-segment";
import { addressText } from "./addresses";
import { computedMac, MacKind } from "./mac";
import { gatewayName, portsDevice, serviceDevice, vethName } from "./names";
import type { Problem } from "./problem";
import type { ResolvedLab, ResolvedSegment } from "./resolved";
import { pathOf, repeated } from "./rules";
import type { Claim } from "./rules";
import { acrossSections } from "./sections";

export function checkMacs(lab: ResolvedLab): Problem[] {
  const claims = [...machineMacs(lab), ...nicMacs(lab), ...ownMacs(lab)];
  return repeated(claims, "This MAC address", "Give one of the two an address of its own.");
}

const macClaim = (path: string, mac: string, written?: string): Claim => ({
  path,
  got: written ?? mac,
  key: mac,
});

function machineMacs({ hosts }: ResolvedLab): Claim[] {
  return hosts.flatMap((host) =>
    host.kind === "machine" ? [macClaim(pathOf("hosts", host.name, "mac"), host.mac, host.spec.mac)] : [],
  );
}

function nicMacs({ containers }: ResolvedLab): Claim[] {
  return containers.flatMap(({ nics }) =>
    nics.map(({ at, mac, spec }) => macClaim(at("mac"), mac, spec.mac)),
  );
}

/** Computed names, which no setting contains. */
function ownMacs({ hosts, segments, identity }: ResolvedLab): Claim[] {
  const bridges = hosts.map(({ name }) =>
    macClaim(pathOf("hosts", name, "bridge"), computedMac(identity, MacKind.Bridge, name)),
  );
  const mac = (path: string, name: string) => macClaim(path, computedMac(identity, MacKind.Service, name));
  const services = segments.flatMap(({ name, service, gateways = [] }) => [
    ...(service === undefined ? [] : [mac(pathOf("segments", name), name)]),
    ...gateways.map(({ path, host }) => mac(path, gatewayName(name, host))),
  ]);
  return [...bridges, ...services];
}

/**
 * Names must differ in the whole lab, although the kernel needs that on each host only: so no moved container and no new host can cause a
 * collision.
 */
export function checkInterfaceNames(lab: ResolvedLab): Problem[] {
  const claims = [
    ...tunnelClaims(lab),
    ...lab.containers.flatMap(({ name, nics }) =>
      nics.map(({ number }) => ({
        path: pathOf("containers", name),
        got: name,
        key: vethName(name, number),
      })),
    ),
    ...lab.containers
      .filter(({ ports }) => ports.length > 0)
      .map(({ name }) => ({ path: pathOf("containers", name), got: name, key: portsDevice(name) })),
    ...lab.segments
      .filter((segment) => servicesOf(segment).length > 0)
      .map(({ name }) => ({ path: pathOf("segments", name), got: name, key: serviceDevice(name) })),
    ...acrossSections((section) => section.interfaces?.(lab)),
    ...bridgeClaims(lab),
  ];
  return repeated(claims, "The interface name made from it", "Rename one of the two.");
}

/** Only hashed names collide, those for IPv6 addresses. Renaming something in the settings does not change a tunnel's name. */
const TUNNEL_CURE = "Give one of the two hosts another address.";

/** Hosts with one address, and segments with one VNI, would have equal port names; these are reported as duplicate addresses and VNIs. */
function tunnelClaims(lab: ResolvedLab): Claim[] {
  const byVni = new Map(lab.segments.map((segment) => [segment.vni, segment]));
  return [...byVni].flatMap(([vni, segment]): Claim[] => {
    const path = pathOf("segments", segment.name, "vni");
    const { devices, portTo } = wayOf(segment.flooding);
    const shared = devices(vni);
    const tunnels = vteps(lab, segment).map((address) => ({
      path,
      got: `${vni} towards ${address}`,
      key: portTo(vni, address),
      owner: `${path} (${vni} towards ${address})`,
      cure: TUNNEL_CURE,
    }));
    return [
      ...shared.map((key) => ({ path, got: vni, key })),
      ...tunnels.filter(({ key }) => !shared.includes(key)),
    ];
  });
}

/** Each once. */
function vteps({ peers }: ResolvedLab, { members, open, remotes }: ResolvedSegment): string[] {
  const all = [...members, ...(open ? peers : []), ...remotes].map(endpointOf);
  return [...new Set(all)].map(addressText);
}

/** A bridge's name may repeat on every host. */
function bridgeClaims({ hosts }: ResolvedLab): Claim[] {
  const byName = new Map<string, Claim>();
  for (const { name, bridge: key, spec } of hosts)
    if (!byName.has(key)) byName.set(key, { path: pathOf("hosts", name, "bridge"), got: spec.bridge, key });
  return [...byName.values()];
}
