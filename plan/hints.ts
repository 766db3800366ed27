/** Hints: settings that work, but may not be what was meant. */
import { evpnHints } from "../components/router/hints";
import { wayOf } from "../components/segment/ways";
import { underlayAt } from "../components/underlay/resolve";
import { UnderlayMode } from "../components/underlay/spec";
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS } from "./net/encap";
import { IpFamily } from "./net/family";
import type { Problem } from "./problem";
import type {
  ResolvedHost,
  ResolvedLab,
  ResolvedSegment,
  ResolvedService,
  ResolvedUnderlay,
} from "./resolved";
import { pathOf } from "./rules";

/** The default of Linux' own vxlan devices, from before IANA gave VXLAN a port. */
const LINUX_UDP_PORT = 8472;

/** The lab must have no problems. */
export function labHints(lab: ResolvedLab): Problem[] {
  return [
    ...lab.segments.flatMap((segment) => [
      ...oldPort(segment),
      ...(wayOf(segment.flooding).hints?.(lab, segment) ?? []),
      ...closedGateway(lab, segment),
      ...deadGateway6(lab, segment),
      ...shutOut(lab, segment),
    ]),
    ...(lab.peers.length === 0 && lab.segments.every(({ remotes }) => remotes.length === 0)
      ? singleHost(lab)
      : []),
    ...untranslated(lab),
    ...evpnHints(lab),
  ];
}

function oldPort({ name, udpPort }: ResolvedSegment): Problem[] {
  if (udpPort !== LINUX_UDP_PORT) return [];
  const own = ENCAPSULATIONS[DEFAULT_ENCAPSULATION].udpPort;
  const path = pathOf("segments", name, "udpPort");
  const message = `Is Linux's default from before RFC 7348: VTEPs on VXLAN's port ${own} do not receive this segment.`;
  const cure = "Leave it out unless a peer outside the lab needs it.";
  return [{ path, got: udpPort, message, cure }];
}

/**
 * libvirt translates IPv6 only where the network says `<nat ipv6="yes">` (libvirt.org/formatnetwork.html, since 6.5), which
 * dmacvicar/libvirt 0.8.3 cannot set.
 */
function untranslated({ underlays: { used } }: ResolvedLab): Problem[] {
  return used
    .filter(({ mode, subnet }) => mode === UnderlayMode.Nat && subnet.family === IpFamily.V6)
    .map(({ path, spec }) => ({
      path: `${path}.mode`,
      got: spec.mode,
      message: "Does not translate IPv6: packets keep the machines' addresses, so replies need a route back.",
      cure: "Write mode: routed, and add routes (docs/hypervisors.md), or use an IPv4 underlay.",
    }));
}

function closedGateway(lab: ResolvedLab, segment: ResolvedSegment): Problem[] {
  return gatewaysOf(segment).flatMap(({ service, path, got }) => {
    const host = lab.hosts.find((one) => one.name === service.host);
    const underlay = host && underlayOf(lab, host);
    if (underlay?.mode !== UnderlayMode.Isolated) return [];
    const message = `Routes only to ${underlay.path}, which is isolated.`;
    const cure = `Write ${underlay.path}.mode: nat for a way out of the lab.`;
    return [{ path, got, message, cure }];
  });
}

function gatewaysOf({ name, spec, service, gateways = [] }: ResolvedSegment): Gateway[] {
  const own: Gateway[] =
    service === undefined ? [] : [{ service, path: pathOf("segments", name, "gateway"), got: spec.gateway }];
  const further = gateways.map((one) => ({ service: one, path: one.path, got: one.host }));
  return [...own, ...further].filter(({ service: { nat, six } }) => nat || six !== undefined);
}

interface Gateway {
  service: ResolvedService;
  path: string;
  got: unknown;
}

/** A machine's interface to the outside gets an address of its underlay's family alone. */
function deadGateway6(lab: ResolvedLab, segment: ResolvedSegment): Problem[] {
  if (lab.underlays.family === IpFamily.V6) return [];
  return gatewaysOf(segment).flatMap(({ service: { host, six }, path, got }) => {
    const machine = lab.hosts.some((one) => one.name === host && one.kind === "machine");
    if (six === undefined || !machine) return [];
    const message = `Routes IPv6 only as far as ${host}, whose underlay is IPv4.`;
    const cure = "Use an IPv6 underlay, or give the host an IPv6 address and route yourself.";
    return [{ path, got, message, cure }];
  });
}

/** libvirt drops packets from outside into a network that is isolated or behind NAT (libvirt.org/firewall.html). */
function shutOut(lab: ResolvedLab, { members }: ResolvedSegment): Problem[] {
  const under = members.map((host) => underlayOf(lab, host));
  const shut = lab.underlays.used.find((one) => under.includes(one) && one.mode !== UnderlayMode.Routed);
  const stranger = members.find((host) => host.kind === "existing" && underlayOf(lab, host) === undefined);
  if (shut === undefined || stranger === undefined) return [];
  const message = `Is outside ${shut.path}, which is ${shut.mode}: libvirt lets none of its packets in.`;
  const cure = `Write ${shut.path}.mode: routed, and add routes (docs/stacks.md).`;
  return [{ path: pathOf("hosts", stranger.name), got: stranger.spec.address, message, cure }];
}

/** Undefined for a host outside all underlays. */
function underlayOf({ underlays }: ResolvedLab, { address }: ResolvedHost): ResolvedUnderlay | undefined {
  return underlayAt(underlays.used, address);
}

function singleHost({ hosts, segments }: ResolvedLab): Problem[] {
  const [host, ...others] = hosts;
  if (host === undefined || others.length > 0 || segments.length === 0) return [];
  const message = "Is the only host, so no segment has a tunnel.";
  const cure = "Add a second host to see VXLAN at work.";
  return [{ path: pathOf("hosts", host.name), got: host.name, message, cure }];
}
