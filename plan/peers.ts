/**
 * The overlay of one owner, planned: bridges, ports and containers on the hosts of its own underlay stack, with the hosts of other owners'
 * underlay stacks as remote VTEPs only.
 */
import { checkOwners, silentPeers } from "../components/router/owners";
import { ipv6Only } from "../components/service/resolve";
import { literalFamily } from "./addresses";
import { TopologyError } from "./errors";
import { Findings } from "./findings";
import { IpFamily } from "./net/family";
import type { ExistingHostPlan, LabPlan } from "./lab-plan";
import { checkOverlayHosts, overlayHostOf, underlayKeyHints } from "./overlay-hosts";
import { checkedLab, plan } from "./plan";
import type { Problem } from "./problem";
import type { Sections } from "./resolve";
import { resolvePeers } from "./resolve-peers";
import type { UnderlayVteps } from "./resolve-peers";
import { compareText, pathOf, repeated, sortedEntries, suggest } from "./rules";
import { SECTION_NAMES } from "./settings";
import { mappingOf } from "./shape";
import { EXISTING_MACHINE } from "./vteps";
import type { VtepOutput } from "./vteps";

export interface OverlayInput {
  own: UnderlayVteps;
  peers: readonly UnderlayVteps[];
  /** `hosts` (of which `bridge`, `bridgeAddress` and `guard` count) and all sections above them (containers, checks, …), of any type. */
  sections: Readonly<Record<string, unknown>>;
  /** Stays the same for the overlay's whole life and differs from every peer's: MAC addresses are computed from it. */
  identity: string;
}

/** All of its hosts exist already: its underlay stack makes the machines. */
export interface OverlayPlan extends LabPlan {
  hosts: ExistingHostPlan[];
}

/**
 * Decides the whole overlay. Its hosts are the own underlay's, as hosts that exist already; a peer's hosts are in `remotes` only, by the
 * name `stack/host`.
 *
 * @throws TopologyError with everything that is wrong
 */
export function planOverlay(input: OverlayInput): OverlayPlan {
  const { own, peers, sections, identity } = input;
  const said = new Findings();
  const others = resolvePeers(own, peers, said);
  const { lab, problems } = checkedLab(overlaySections(input), { lab: identity }, others);
  const all = [
    ...said.problems,
    ...checkOverlayHosts(sections["hosts"]),
    ...strangers(input),
    ...checkVteps(input),
    ...checkGateways(input),
    ...checkOwners(lab, own, peers),
    ...problems,
  ];
  if (all.length > 0) throw new TopologyError(all);
  const decided = plan(lab);
  const hosts = decided.hosts.filter((host) => host.kind === "existing");
  return {
    ...decided,
    hosts,
    hints: [...underlayKeyHints(sections["hosts"], own), ...silentPeers(lab, peers), ...decided.hints],
  };
}

/** The largest packet that every VTEP can take, bytes: the smallest of the own underlay's and the peers'. */
export function sharedMtu(underlays: readonly UnderlayVteps[]): number {
  return Math.min(...underlays.flatMap(({ vteps }) => Object.values(vteps.hosts).map(({ mtu }) => mtu)));
}

/** The settings in the form of a lab with existing hosts only, since the underlay decides what a machine is made of. */
function overlaySections({ own, peers, sections }: OverlayInput): Sections {
  const hosts = sortedEntries(own.vteps.hosts).map(([name, vtep]) => {
    const bridge = overlayHostOf(sections["hosts"], name);
    return [name, { ...bridge, address: vtep.address, existing: reach(vtep) }];
  });
  return {
    underlay: { mtu: sharedMtu([own, ...peers]) },
    hosts: Object.fromEntries(hosts) as unknown,
    segments: sections["segments"],
    ...(own.vteps.evpn === undefined ? {} : { evpn: own.vteps.evpn }),
    containers: sections["containers"],
    ...Object.fromEntries(SECTION_NAMES.map((name) => [name, sections[name]])),
  };
}

function reach({ ssh, hostKey }: VtepOutput) {
  return { sshAddress: ssh.address, port: ssh.port, user: ssh.user, hostKey };
}

/** Hosts in the settings that the own underlay does not have. */
function strangers({ own, sections }: OverlayInput): Problem[] {
  const known = Object.keys(own.vteps.hosts).sort(compareText);
  return sortedEntries(mappingOf(sections["hosts"]))
    .filter(([name]) => !known.includes(name))
    .map(([name, got]) => ({
      path: pathOf("hosts", name),
      got,
      message: `Is not a host of the underlay stack ${own.stack}.`,
      cure: `${suggest(name, known, "host")} (Without hosts in the stack's file, those of Pulumi.yaml apply: write hosts: {}.)`,
    }));
}

/** A duplicate address would mean a tunnel from a host to itself, or two tunnels to one host. */
function checkVteps({ own, peers }: OverlayInput): Problem[] {
  const everyone = [own, ...peers].flatMap(({ stack, vteps }) =>
    sortedEntries(vteps.hosts).map(([name, { address }]) => ({
      path: `${stack}/${name}`,
      got: address,
      key: address,
      family: literalFamily(address),
    })),
  );
  const [first] = everyone;
  const mixed = everyone.filter(({ family }) => family !== first?.family);
  return [
    ...repeated(everyone, "This VTEP", "Give each host in these stacks its own underlay address."),
    ...mixed.map(({ path, got }) => ({
      path,
      got,
      message: `Is not of the IP family of ${first?.path}, ${first?.got}.`,
      cure: "Use underlays of one family.",
    })),
  ];
}

/** Checks gateways on machines of the own underlay, which the plan treats as existing hosts. */
function checkGateways({ own: { vteps }, sections }: OverlayInput): Problem[] {
  return sortedEntries(mappingOf(sections["segments"])).flatMap(([name, segment]) => {
    const { gateway, subnet6 } = mappingOf(segment);
    const { host } = mappingOf(gateway);
    const vtep = typeof host === "string" && Object.hasOwn(vteps.hosts, host) ? vteps.hosts[host] : undefined;
    if (typeof host !== "string" || vtep === undefined || vtep.machine === EXISTING_MACHINE) return [];
    const only6 = subnet6 === undefined && literalFamily(vtep.address) === IpFamily.V6;
    return only6 ? [ipv6Only(pathOf("segments", name, "gateway"), host, gateway)] : [];
  });
}
