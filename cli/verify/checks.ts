/** What a lab has to prove, as data: built from its stack output, nothing else is known here. */
import type { LabOutput } from "../../plan/contract";
import type { BridgePlan, ContainerPlan, ServicePlan } from "../../plan/types";
import { endsOf, farPairs, pingPairs, strangers } from "./pairs";
import type { OwnAddresses } from "./pairs";
import type { End } from "./pairs";
import {
  beyondChecks,
  gatewayChecks,
  isolationCheck,
  mtuChecks,
  pingChecks,
  wireChecks,
} from "./sent-checks";
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

/** Where a port of Open vSwitch belongs. */
export interface Place {
  bridge: string;
  /** The one VLAN of an access port, 0 for untagged frames, or those of a trunk; undefined: not told by the lab's output. */
  vlans?: number | readonly number[];
}

/** One port of Open vSwitch that leads to others: taken by the switch, and with the planned options. */
export interface TunnelCheck extends Common {
  kind: "tunnel";
  port: string;
  vni: number;
  options: Readonly<Record<string, string>>;
  /** Undefined: no matter, since nothing else is on its bridge. */
  protected?: boolean;
  /** The bridge holds other segments as well, whose frames this port must not carry. */
  shared: boolean;
  place: Place;
  /** The port at the other end, of a tunnel that leads to one host. */
  far?: { host: string; port: string };
  /** What the tunnel is asked by when its counters look as if the way there were cut; absent where no containers can. */
  ping?: Errand;
}

/** A ping that is to be sent: of a check, or one that a capture waits for. */
export type Errand = Pick<PingCheck, "name" | "host" | "from" | "nic" | "to" | "size"> & {
  mode: "reach" | "fits" | "too-big" | "isolated";
};

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
  place: Place;
}

/** A service as a host tells it from others there. */
export interface Served {
  lab: string;
  device: string;
}

/** The interface of a segment's DHCP server and gateway. */
export interface ServiceCheck extends Common {
  kind: "service";
  lab: string;
  service: ServicePlan;
  /** Name of the bridge that its interface is a port of. */
  bridge: string;
}

export interface ContainerCheck extends Common {
  kind: "container";
  container: ContainerPlan;
  /** By segment, what its DHCP server lends, first and last. */
  lent: Readonly<Record<string, { first: string; last: string }>>;
  /** Name of the bridge that its interfaces are ports of. */
  bridge: string;
}

/** A planned thing as a host keeps it: see KeptFacts. */
export interface Thing {
  kind: "bridge" | "port" | "service" | "container";
  key: string;
  /** A Docker container. */
  docker?: boolean;
}

/** The desired state of every planned thing is on the host: what is missing does not come back after a reboot. */
export interface KeptCheck extends Common {
  kind: "kept";
  lab: string;
  things: readonly Thing[];
}

/** What the guest tools find changed on the host, apart from its services, which are judged with theirs. */
export interface DriftCheck extends Common {
  kind: "drift";
  lab: string;
  /** Devices of the planned services. */
  services: readonly string[];
}

/** Nothing of this lab is on the host that no plan puts there. What is nobody's whom the lab knows is named and no fault. */
export interface ForeignCheck extends Common {
  kind: "foreign";
  lab: string;
  things: readonly Thing[];
  bridges: readonly string[];
  ports: readonly string[];
  /** The host of every planned container. */
  homes: Readonly<Record<string, string>>;
}

/** A ping from inside a container; `size` is the whole IP packet, bytes, and has DF set. */
export interface PingCheck extends Common {
  kind: "ping" | "fits" | "too-big" | "isolated";
  from: string;
  /** Interface of the container that sends. */
  nic: string;
  to: string;
  size?: number;
  /** The service that has to let it through: what is wrong there is said. */
  through?: Served;
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
export type StillCheck =
  | SshCheck
  | BridgeCheck
  | TunnelCheck
  | GroupCheck
  | ServiceCheck
  | ContainerCheck
  | KeptCheck
  | DriftCheck
  | ForeignCheck;
export type Check = StillCheck | PingCheck | WireCheck;

export interface CheckOptions {
  /** Every pair of a segment is pinged. @default false: each container pings a few (pairs.ts) */
  allPairs?: boolean;
}

export function buildChecks(lab: LabOutput, { allPairs = false }: CheckOptions = {}): Check[] {
  const segments = segmentsOf(lab);
  const far = segments.flatMap((ends) => farPairs(ends));
  return [
    ...stillChecks(lab),
    ...segments.flatMap((ends) => pingPairs(ends, allPairs)).flatMap((pair) => pingChecks(pair)),
    ...segments.flat().flatMap((end) => gatewayChecks(lab, end)),
    ...beyondChecks(lab),
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

/** How many pairs of a segment ping each other, and how many could, both ways counted. */
export function pairCounts(lab: LabOutput): { pinged: number; all: number } {
  const count = (all: boolean) => segmentsOf(lab).reduce((sum, ends) => sum + pingPairs(ends, all).length, 0);
  return { pinged: count(false), all: count(true) };
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
