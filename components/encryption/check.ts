/** Checks of encrypted tunnels: whether their networks overlap others, whether both ends encrypt, and which segments cannot use them. */
import { addressText, contains, overlap } from "../../plan/addresses";
import type { Subnet } from "../../plan/addresses";
import type { Problem } from "../../plan/problem";
import type {
  Remote,
  ResolvedHost,
  ResolvedLab,
  ResolvedSegment,
  ResolvedUnderlay,
} from "../../plan/resolved";
import { compareText, pathOf, repeated } from "../../plan/rules";
import { Flooding } from "../segment/spec";
import { FLOODINGS, wayOf, WAYS } from "../segment/ways";
import { Encryption } from "../underlay/spec";
import { WIREGUARD_DEVICE } from "./wireguard";

export function checkEncryption(lab: ResolvedLab): Problem[] {
  return [
    ...lab.underlays.written.flatMap((underlay) => checkNetwork(lab, underlay)),
    ...checkTunnels(lab),
    ...lab.hosts.flatMap(checkBridgeName),
    ...lab.segments.flatMap((segment) => [...checkFlooding(segment), ...checkBothEnds(lab, segment)]),
  ];
}

interface Other {
  path: string;
  subnet: Subnet;
}

/** The networks of an overlay are compared with this one elsewhere (underlayClash). */
function checkNetwork(lab: ResolvedLab, { path, spec, encryption }: ResolvedUnderlay): Problem[] {
  const network = encryption?.network;
  if (network === undefined) return [];
  const others: Other[] = [
    ...lab.underlays.written.map((one) => ({ path: `${one.path}.cidr`, subnet: one.subnet })),
    ...lab.networks.map((subnet) => ({ path: "an underlay stack", subnet })),
  ];
  const at = { path: `${path}.tunnelCidr`, got: spec.tunnelCidr };
  const cure = "Choose an unused IPv4 network.";
  const clash = others.find(({ subnet }) => overlap(subnet, network));
  if (clash !== undefined) {
    const message = `${network.cidr} overlaps ${clash.subnet.cidr} of ${clash.path}: hosts could not tell which packets to encrypt.`;
    return [{ ...at, message, cure }];
  }
  const inside = outsiders(lab).find(({ address }) => contains(network, address));
  if (inside === undefined) return [];
  const message = `${network.cidr} contains ${addressText(inside.address)}, where ${inside.host} is reached without encryption.`;
  return [{ ...at, message, cure }];
}

function outsiders({ hosts, peers }: ResolvedLab): { host: string; address: bigint }[] {
  const own = hosts.flatMap((host) =>
    host.kind === "existing"
      ? [host.address, host.reach.sshAddress].map((address) => ({
          host: pathOf("hosts", host.name),
          address,
        }))
      : [],
  );
  return [...own, ...peers, ...peers.map(({ host, sshAddress }) => ({ host, address: sshAddress }))];
}

/** Two hosts whose last bits are the same, in networks that share a `tunnelCidr`; and hosts of other owners. */
function checkTunnels({ hosts, peers }: ResolvedLab): Problem[] {
  const own = hosts.flatMap(({ name, spec, encryption }) =>
    encryption === undefined
      ? []
      : [{ path: pathOf("hosts", name, "address"), got: spec.address, key: addressText(encryption.address) }],
  );
  const far = peers.flatMap(({ host, encryption }) =>
    encryption === undefined
      ? []
      : [{ path: host, got: addressText(encryption.address), key: addressText(encryption.address) }],
  );
  const cure = "Give each underlay a tunnelCidr of its own, or one with a shorter prefix length.";
  return repeated([...own, ...far], "The address in the encrypted tunnel that is made from it", cure);
}

function checkBridgeName({ name, spec, bridge, encryption }: ResolvedHost): Problem[] {
  if (encryption === undefined || bridge !== WIREGUARD_DEVICE) return [];
  const message = "Is the name of the WireGuard device.";
  return [{ path: pathOf("hosts", name, "bridge"), got: spec.bridge, message, cure: "Write another name." }];
}

function checkFlooding({ name, spec, flooding, members }: ResolvedSegment): Problem[] {
  const isEncrypted = members.some(({ encryption }) => encryption !== undefined);
  const { plain: message } = wayOf(flooding);
  if (message === undefined || !isEncrypted) return [];
  const ways = FLOODINGS.filter((word) => WAYS[word].plain === undefined)
    .join(", ")
    .replace(/, (\w+)$/, " or $1");
  const cure = `Write flooding: ${ways}, or leave out encryption of the underlay.`;
  return [{ path: pathOf("segments", name, "flooding"), got: spec.flooding, message, cure }];
}

/** What one side encrypts, the other has to decrypt. */
function checkBothEnds(
  { peers, underlays, hosts, evpn: { reflectors } }: ResolvedLab,
  { name, members, open, spec, flooding }: ResolvedSegment,
): Problem[] {
  // A separate problem, which has been reported.
  if (underlays.written.some(({ encryption }) => encryption && encryption.network === undefined)) return [];
  const routers =
    flooding.way === Flooding.Evpn ? hosts.filter((host) => reflectors.includes(host.name)) : [];
  const everyone: readonly (ResolvedHost | Remote)[] = [...members, ...routers, ...(open ? peers : [])];
  const [plain, encrypted] = [false, true].map((wanted) =>
    everyone
      .filter(({ encryption }) => (encryption !== undefined) === wanted)
      .map(nameOf)
      .sort(compareText),
  );
  if (plain?.[0] === undefined || encrypted?.[0] === undefined) return [];
  const message = `${encrypted[0]} encrypts its tunnels, and ${plain[0]} does not: nothing would pass between the two.`;
  const cure = `Write encryption: ${Encryption.Wireguard} for the underlay of ${plain[0]} too, or list the segment's hosts.`;
  return [{ path: pathOf("segments", name, "hosts"), got: spec.hosts, message, cure }];
}

const nameOf = (one: ResolvedHost | Remote): string => ("host" in one ? one.host : one.name);
