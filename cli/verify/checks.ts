/** What a lab has to prove, as data: built from its stack output, nothing else is known here. */
import type { LabOutput } from "../../plan/contract";
import type { BridgePlan, ContainerPlan, ServicePlan } from "../../plan/types";
import { endsOf, farPairs, pingPairs, strangers } from "./pairs";
import type { OwnAddresses } from "./pairs";
import type { End } from "./pairs";
import { gatewayChecks, isolationCheck, mtuChecks, pingChecks, wireChecks } from "./sent-checks";
import { stillChecks } from "./still-checks";

export interface Common {
  /** Kind and things, divided by slashes: `ping/c1/c2`. */
  name: string;
  /** The host on which it is looked at. */
  host: string;
  /** In words, for people. */
  expected: string;
  /** What to run to see for oneself. */
  where: string;
}

/** SSH answers, and the host has the key that it was created with. */
export interface SshCheck extends Common {
  kind: "ssh";
}

export interface BridgeCheck extends Common {
  kind: "bridge";
  bridge: BridgePlan;
}

/** One port of Open vSwitch that leads to others: taken by the switch, and with the planned options. */
export interface TunnelCheck extends Common {
  kind: "tunnel";
  port: string;
  options: Readonly<Record<string, string>>;
  /** Undefined: no matter, since nothing else is on its bridge. */
  protected?: boolean;
  /** The bridge holds other segments as well, whose frames this port must not carry. */
  shared: boolean;
}

/** The kernel's vxlan device of a multicast group, plugged into the bridge. */
export interface GroupCheck extends Common {
  kind: "group";
  device: string;
  vni: number;
  udpPort: number;
  group: string;
  /** Undefined: the lab's output is from before it was told there. */
  ttl?: number;
  /** As for a tunnel. */
  shared: boolean;
}

/** The interface of a segment's DHCP server and gateway. */
export interface ServiceCheck extends Common {
  kind: "service";
  service: ServicePlan;
}

export interface ContainerCheck extends Common {
  kind: "container";
  container: ContainerPlan;
  /** By segment, what its DHCP server lends, first and last. */
  lent: Readonly<Record<string, { first: string; last: string }>>;
  /** As for a tunnel. */
  shared: boolean;
}

/** A ping from inside a container; `size` is the whole IP packet, bytes, and has DF set. */
export interface PingCheck extends Common {
  kind: "ping" | "fits" | "too-big" | "isolated";
  from: string;
  /** Interface of the container that sends. */
  nic: string;
  to: string;
  size?: number;
}

/** A ping, as the destination's host (`host`) sees it arrive. */
export interface WireCheck extends Common {
  kind: "wire";
  /** The ping that is looked for, whether it is a check of its own or not. */
  ping: Pick<PingCheck, "name" | "host" | "from" | "nic" | "to">;
  inner: { src: string; dst: string };
  outer: { src: string; dst: string; udpPort: number };
  vni: number;
  /** VNIs of other segments that have both inner addresses too: such a ping of theirs looks the same inside. */
  alike: number[];
}

/** Looked at on one host, without sending anything. */
export type StillCheck = SshCheck | BridgeCheck | TunnelCheck | GroupCheck | ServiceCheck | ContainerCheck;
export type Check = StillCheck | PingCheck | WireCheck;

export function buildChecks(lab: LabOutput): Check[] {
  const segments = segmentsOf(lab);
  const far = segments.flatMap((ends) => farPairs(ends));
  return [
    ...stillChecks(lab),
    ...segments.flatMap((ends) => pingPairs(ends)).flatMap((pair) => pingChecks(pair)),
    ...segments.flat().flatMap((end) => gatewayChecks(lab, end)),
    ...far.flatMap((pair) => mtuChecks(pair)),
    ...far.flatMap((pair) => wireChecks(lab, pair)),
    ...strangers(segments, (segment) => ownAddresses(lab, segment)).map((pair) => isolationCheck(pair)),
  ];
}

/** What hosts have or lend in a segment, and whether others may be in it: none of it is a container's of this lab. */
function ownAddresses(lab: LabOutput, segment: string): OwnAddresses {
  const members = lab.hosts.filter(({ ports }) => ports.some((port) => port.segment === segment));
  const services = lab.services.filter((service) => service.segment === segment);
  const names = new Set(lab.hosts.map(({ name }) => name));
  return {
    // An address of a bridge counts for every segment of its host: the output does not say which one is untagged.
    taken: [
      ...services.flatMap(({ addresses }) => addresses),
      ...members.flatMap(({ bridge }) => bridge.address ?? []),
    ],
    lent: services.flatMap(({ dhcp }) => dhcp ?? []),
    open: members.some(({ ports }) =>
      ports.some(
        ({ tunnels, ...port }) => port.segment === segment && tunnels.some((one) => !names.has(one.host)),
      ),
    ),
  };
}

/** The ends of each segment, in the segments' order by name. */
function segmentsOf(lab: LabOutput): End[][] {
  const ends = lab.containers.flatMap(endsOf);
  const names = [...new Set(ends.map(({ segment }) => segment))].sort();
  return names.map((name) => ends.filter(({ segment }) => segment === name));
}

/** Whether a check is among the wanted: by its whole name, its beginning, or any part of it (`mtu`, `c1`, `kvm2`). */
export function isWanted({ name }: Pick<Check, "name">, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return wanted.some(
    (word) => name === word || name.startsWith(`${word}/`) || name.split("/").includes(word),
  );
}
