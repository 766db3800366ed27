import type { HostOutput, LabOutput } from "../../plan/contract";
import type { Check, CheckKind, Verdict } from "../check";
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS } from "../../plan/net/encap";
import { isAwaited, isRequestOf, sealedText } from "../evidence/wire";
import type { Outer, SealedPacket, Seen, WirePacket, WirePing } from "../evidence/wire";
import { pairName, pairPing } from "../packets";
import { commonAddresses, endsOf, farPairs, ipOf, isIpv6, segmentsOf } from "../pairs";
import type { End, Pair } from "../pairs";
import { endpointOf } from "../../components/encryption/endpoint";
import { encapsulationOf } from "../../components/segment/port";

/** A ping, as the destination's host sees it arrive. */
export const wire: CheckKind = {
  about: "packet",
  of: (lab) =>
    segmentsOf(lab)
      .flatMap((ends) => farPairs(ends, (from, to) => !isChained(lab, from, to)))
      .flatMap((pair) => wireChecks(lab, pair)),
};

/** Packets between these two have the VNIs of a chain's hops; the check `chain` covers them. */
function isChained({ chains = [] }: LabOutput, from: End, to: End): boolean {
  return chains.some(({ segment, hops }) => {
    const ends = [hops[0]?.name, hops.at(-1)?.name];
    return segment === from.segment && ends.includes(from.name) && ends.includes(to.name);
  });
}

/** Packets between two containers of one host do not use the underlay. */
function wireChecks(lab: LabOutput, pair: Pair): Check[] {
  const { from, to } = pair;
  const sink = lab.hosts.find(({ name }) => name === to.host);
  const [dst = ""] = commonAddresses(from, to);
  // An address from DHCP is not known before the ping.
  const src = from.addresses
    .map((address) => ipOf({ addresses: [address] }))
    .find((one) => isIpv6(one) === isIpv6(dst));
  const outer = sink && src !== undefined ? outerOf(lab, pair, sink) : undefined;
  if (sink === undefined || src === undefined || outer === undefined) return [];
  const sealed = sealedOf(lab, pair, sink);
  const alike = alikeOf(lab, from.segment, [src, dst]);
  const look: WirePing = { outer, inner: { src, dst }, alike, ...(sealed === undefined ? {} : { sealed }) };
  const ping = pairPing(pair, dst);
  return [
    {
      kind: "wire",
      name: ["wire", ...pairName(pair)].join("/"),
      host: sink.name,
      expected: sealed === undefined ? outerText(outer) : `${sealedText(sealed)}, encrypted`,
      where: `./vxlab capture ${sink.name}${sealed === undefined ? "" : " -i eth0"} --count 10 (and ./vxlab exec ${from.name} -- ping ${dst})`,
      needs: [],
      ping,
      wire: look,
      judge: (_, { wires }) => onWire(look, wires.get(sink.name) ?? []),
      doubt: ({ ok }) => (ok ? undefined : ping),
    },
  ];
}

/** The hub sends packets from spoke to spoke. */
function outerOf(lab: LabOutput, { from }: Pair, sink: HostOutput): Outer | undefined {
  const source = lab.hosts.find(({ name }) => name === from.host);
  const port = source?.ports.find(({ segment }) => segment === from.segment);
  if (source === undefined || port === undefined || source === sink) return undefined;
  const { udpPort, vni, tunnels } = port;
  // With EVPN there are none in the plan, and each host sends by itself.
  const direct = tunnels.length === 0 || tunnels.some(({ host }) => host === sink.name);
  const src = direct ? endpointOf(source) : tunnels[0]?.address;
  if (src === undefined) return undefined;
  return { src, dst: endpointOf(sink), udpPort, encapsulation: encapsulationOf(port), vni };
}

/** Where the hosts encrypt: WireGuard's packet, from the source's underlay address, or the hub's. */
function sealedOf(lab: LabOutput, { from }: Pair, sink: HostOutput): SealedPacket | undefined {
  const source = lab.hosts.find(({ name }) => name === from.host);
  if (source?.encryption === undefined || sink.encryption === undefined) return undefined;
  const { peers } = source.encryption;
  const hub = source.ports.find(({ segment }) => segment === from.segment)?.tunnels[0]?.host;
  const direct = peers.some(({ host }) => host === sink.name);
  const src = direct ? source.address : peers.find(({ host }) => host === hub)?.vtep;
  if (src === undefined) return undefined;
  return { src, dst: sink.address, udpPort: sink.encryption.port };
}

/** VNIs of the other segments in which both addresses exist. */
function alikeOf(lab: LabOutput, segment: string, wanted: readonly string[]): number[] {
  const ends = lab.containers.flatMap(endsOf).filter((end) => end.segment !== segment);
  const has = (name: string, address: string) =>
    ends.some(
      (end) => end.segment === name && end.addresses.some((one) => ipOf({ addresses: [one] }) === address),
    );
  const names = [...new Set(ends.map((end) => end.segment))];
  const alike = names.filter((name) => wanted.every((address) => has(name, address)));
  const ports = lab.hosts.flatMap((host) => host.ports).filter((port) => alike.includes(port.segment));
  return [...new Set(ports.map(({ vni }) => vni))];
}

function onWire(look: WirePing, packets: readonly Seen[]): Verdict {
  const plain = packets.flatMap((packet) => (packet.sealed === undefined ? [packet] : []));
  const requests = plain.filter((packet) => isRequestOf(packet, look));
  if (look.sealed !== undefined) return onSealed(look, requests, packets);
  const seen = [...new Set(requests.map(outerText))];
  const title = titleOf(look.outer);
  return {
    ok: seen.length === 1 && seen[0] === outerText(look.outer),
    got: seen.length === 0 ? `no ${title} packet of the ping was captured` : seen.join("; "),
  };
}

function onSealed(look: WirePing, leaked: readonly WirePacket[], packets: readonly Seen[]): Verdict {
  const [first] = leaked;
  if (first !== undefined) return { ok: false, got: `${outerText(first)}, not encrypted` };
  const seen = packets.filter((packet) => isAwaited(packet, look)).length;
  if (seen === 0) return { ok: false, got: "no WireGuard packet was captured" };
  return {
    ok: true,
    got: `${look.sealed === undefined ? "" : sealedText(look.sealed)}, no ${titleOf(look.outer)} packet`,
  };
}

/** The usual encapsulation is not named. */
function outerText(outer: Outer): string {
  const { src, dst, udpPort, encapsulation, vni } = outer;
  const name = encapsulation === DEFAULT_ENCAPSULATION ? "" : `${titleOf(outer)} `;
  return `${src} > ${dst} UDP ${udpPort} ${name}VNI ${vni}`;
}

function titleOf({ encapsulation }: Outer): string {
  return encapsulation === undefined ? "(unknown header)" : ENCAPSULATIONS[encapsulation].title;
}
