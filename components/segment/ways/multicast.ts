/** One copy of each flooded frame to an IP multicast group, by the kernel's vxlan device (RFC 7348 section 4.2). */
import { addressNumber, addressText, familyOf, subnetAround } from "../../../plan/addresses";
import type { Findings } from "../../../plan/findings";
import { multicastDevices } from "../../../plan/names";
import { Encapsulation } from "../../../plan/net/encap";
import { IpFamily } from "../../../plan/net/family";
import type { Problem } from "../../../plan/problem";
import { readGroup } from "../../../plan/read-address";
import type { ResolvedFlooding, ResolvedLab, ResolvedSegment } from "../../../plan/resolved";
import { pathOf, repeated } from "../../../plan/rules";
import { HostNeed } from "../../host/spec";
import { underlaysOf } from "../../underlay/mtu";
import { underlayAt } from "../../underlay/resolve";
import { UnderlayMode } from "../../underlay/spec";
import { assumedMtu } from "../mtu";
import type { AnyPortState } from "../port";
import { Flooding, MULTICAST_UDP_PORT, SEGMENT } from "../spec";
import type { FloodingInput, Way } from "./way";

/**
 * Groups that one host joins on one UDP port: all its vxlan devices of a port share one socket (vxlan_sock_add in
 * drivers/net/vxlan). Linux lets a socket join 20 of IPv4 (igmp_max_memberships, ip-sysctl.rst), which multicast.sh raises to
 * this. The memory for options (optmem_max, 20 KiB) ends after 426 groups of IPv4, 365 of IPv6 (6.1).
 */
export const MAX_GROUPS = 256;

export interface MulticastFlooding extends ResolvedFlooding {
  way: Flooding.Multicast;
  group: bigint;
  /** Hops that a packet to the group may take. */
  ttl: number;
}

/** The kernel's vxlan device, a port of the bridge. */
export interface MulticastPortState extends AnyPortState {
  flooding: Flooding.Multicast;
  group: string;
  /** Hops that a packet to the group may take. */
  ttl: number;
  /** MTU inside the segment, bytes. */
  mtu: number;
  devices: { tunnel: string };
  /** The VTEPs that may send; null when they are not known: every address may. */
  remotes: { address: string }[] | null;
}

export const multicast: Way<MulticastFlooding, MulticastPortState> = {
  encapsulations: { [Encapsulation.Vxlan]: MULTICAST_UDP_PORT },
  need: HostNeed.Multicast,
  settings: ["group", "ttl"],
  resolve(input, said) {
    const group = resolveGroup(input, said);
    const ttl = input.spec.ttl ?? SEGMENT.ttl.default;
    return group === undefined ? undefined : { way: Flooding.Multicast, group, ttl };
  },
  check(all) {
    const segments = all.flatMap(multicastOf);
    return [...checkGroups(segments), ...checkMemberships(segments)];
  },
  // It sends each packet to the one peer that its destination belongs to (wireguard.com, "Cryptokey Routing").
  plain: "Cannot be encrypted: WireGuard carries no packets to a group.",
  hints: (lab, segment) => [...routedHint(lab, segment), ...translatedHint(lab, segment)],
  drawn: ({ group }) => `group ${group}`,
  devices: (vni) => [multicastDevices(vni).tunnel],
  portTo: (vni) => multicastDevices(vni).tunnel,
  plan:
    (_, { group, ttl }) =>
    () => ({ group: addressText(group), ttl }),
  receiver: "the kernel's VXLAN device",
  state(port, { group = "", ttl = SEGMENT.ttl.default, mtu = assumedMtu(port.local), remotes }) {
    const devices = multicastDevices(port.vni);
    return {
      ...port,
      ...{ flooding: Flooding.Multicast, group, ttl, mtu, devices },
      remotes: remotes?.map((address) => ({ address })) ?? null,
    };
  },
  device: (vni) => multicastDevices(vni).tunnel,
};

/**
 * As written, or the VNI's three bytes in a range that stays within an organisation: 239.0.0.0/8 (RFC 2365) and ff05::/16,
 * of site scope (RFC 4291 section 2.7).
 */
function resolveGroup(
  { spec: { group: got }, at, family, vni }: FloodingInput,
  said: Findings,
): bigint | undefined {
  if (got !== undefined) {
    const example = family === IpFamily.V4 ? "239.1.2.3" : "ff05::1:2:3";
    const cure = `Write one such as ${example}, or leave it out to have it computed from the VNI.`;
    return said.take(at("group"), got, readGroup(got, family), cure);
  }
  if (vni === undefined) return undefined;
  const bytes = [vni >> 16, (vni >> 8) & 255, vni & 255];
  const words = bytes.map((byte) => byte.toString(family === IpFamily.V4 ? 10 : 16));
  return addressNumber(family === IpFamily.V4 ? `239.${words.join(".")}` : `ff05::${words.join(":")}`);
}

function isMulticast(flooding: ResolvedFlooding): flooding is MulticastFlooding {
  return flooding.way === Flooding.Multicast;
}

type Multicast = ResolvedSegment & { flooding: MulticastFlooding };

function multicastOf(segment: ResolvedSegment): Multicast[] {
  const { flooding } = segment;
  return isMulticast(flooding) ? [{ ...segment, flooding }] : [];
}

function checkGroups(segments: readonly Multicast[]): Problem[] {
  const claims = segments.map(({ name, spec, udpPort, flooding: { group } }) => ({
    path: pathOf("segments", name, "group"),
    got: spec.group,
    key: `${group} ${udpPort}`,
  }));
  return repeated(claims, "This group on this UDP port", "Write another group, or leave it out.");
}

function checkMemberships(segments: readonly Multicast[]): Problem[] {
  if (segments.length <= MAX_GROUPS) return [];
  const counts = new Map<string, number>();
  return segments.flatMap(({ name, spec, udpPort, names }) => {
    const count = (host: string) => counts.get(`${host} ${udpPort}`) ?? 0;
    for (const host of names) counts.set(`${host} ${udpPort}`, count(host) + 1);
    const full = names.find((host) => count(host) > MAX_GROUPS);
    if (full === undefined) return [];
    const path = pathOf("segments", name, "flooding");
    const message = `Is multicast group number ${count(full)} of UDP port ${udpPort} on ${pathOf("hosts", full)}: a host can join ${MAX_GROUPS} on one port.`;
    const cure = `Give it another udpPort, such as ${MULTICAST_UDP_PORT + 1}, write flooding: unicast or flow, or list fewer hosts.`;
    return [{ path, got: spec.flooding, message, cure }];
  });
}

/** libvirt's hosts route between their networks, but forward no multicast. */
function routedHint(lab: ResolvedLab, { name, spec, members, open }: ResolvedSegment): Problem[] {
  const vteps = [...members, ...(open ? lab.peers : [])].map(({ address }) => networkOf(lab, address));
  const [first, second] = new Set(vteps);
  if (second === undefined) return [];
  const path = pathOf("segments", name, "flooding");
  const message = `Its VTEPs are on several networks, such as ${first} and ${second}: packets to a group cross them only if the routers forward multicast.`;
  const cure = "Write flooding: unicast or flow, unless the routers do.";
  return [{ path, got: spec.flooding, message, cure }];
}

/** libvirt excludes only 224.0.0.0/24 from its NAT (network/network_iptables.c). The embedded libvirt sets the sysctl by itself. */
function translatedHint(lab: ResolvedLab, { name, spec, members }: ResolvedSegment): Problem[] {
  if (members.length < 2) return [];
  const nat = underlaysOf(lab.underlays, members).find(({ mode }) => mode === UnderlayMode.Nat);
  if (nat === undefined) return [];
  const message =
    "On a hypervisor with br_netfilter (Docker loads it), libvirt's NAT rewrites the source of packets to a group, so the other VTEPs drop them.";
  const cure = `Write ${nat.path}.mode: routed, or run sysctl -w net.bridge.bridge-nf-call-iptables=0 on the hypervisor; the embedded libvirt needs neither.`;
  return [{ path: pathOf("segments", name, "flooding"), got: spec.flooding, message, cure }];
}

/** The network of a VTEP outside the lab's underlays is unknown, so a usual size is assumed: /24, for IPv6 /64 (RFC 4291 section 2.5.1). */
function networkOf({ underlays }: ResolvedLab, vtep: bigint): string {
  const { subnet } = underlayAt(underlays.used, vtep) ?? {
    subnet: subnetAround(vtep, familyOf(vtep) === IpFamily.V4 ? 24 : 64),
  };
  return subnet.cidr;
}
