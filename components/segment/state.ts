/** The desired state of a host's attachment to one VNI, as the host gets it. */
import { flowDevices, multicastDevices, tunnelName } from "../../plan/names";
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS } from "../../plan/net/encap";
import type { Encapsulation } from "../../plan/net/encap";
import { TopologyError } from "../../plan/errors";
import { assumedMtu } from "./mtu";
import { Flooding, SEGMENT } from "./spec";
import { carrierFault } from "./ways";

export type PortState = UnicastPortState | MulticastPortState | FlowPortState;

interface AnyPortState {
  /** The host's bridge. */
  bridge: string;
  vni: number;
  /** The tunnels' type in the words of Open vSwitch and iproute2. */
  encapsulation: string;
  /** UDP port of the tunnels. */
  udpPort: number;
  /** The host's own VTEP. */
  local: string;
  /** VLAN of the segment on the bridge; null: untagged. */
  vlan: number | null;
}

/** One tunnel port of the bridge for each remote VTEP. */
export interface UnicastPortState extends AnyPortState {
  flooding: Flooding.Unicast;
  /** Open vSwitch's `protected`: false on the hub of hub and spoke. */
  protected: boolean;
  /** The tunnel port towards each remote VTEP. */
  remotes: { port: string; address: string }[];
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
  /** The VTEPs that may send; null when they are not known: any. */
  remotes: { address: string }[] | null;
}

/** A bridge behind the host's, with static flows on one tunnel port; a pair of patch ports joins the two. */
export interface FlowPortState extends AnyPortState {
  flooding: Flooding.Flow;
  protected: boolean;
  devices: { bridge: string; tunnel: string; patch: string; peer: string };
  remotes: { address: string }[];
  stations: StationState[];
}

/** An interface on another host. */
export interface StationState {
  mac: string;
  /** Without prefix length. */
  addresses: string[];
  /** VTEP of its host. */
  vtep: string;
}

/** What a port is made from: the arguments of VxlanPort, resolved. */
export interface PortWanted {
  bridge: string;
  vni: number;
  local: string;
  remotes?: string[];
  encapsulation?: Encapsulation;
  udpPort?: number;
  vlan?: number;
  flooding?: Flooding;
  protected?: boolean;
  group?: string;
  ttl?: number;
  mtu?: number;
  stations?: StationState[];
}

/** @throws TopologyError when the way to flood cannot use the encapsulation */
export function portState(wanted: PortWanted): PortState {
  const { flooding = Flooding.Unicast, encapsulation = DEFAULT_ENCAPSULATION } = wanted;
  const fault = carrierFault(encapsulation, flooding);
  if (fault !== undefined) throw new TopologyError([{ path: "encapsulation", got: encapsulation, ...fault }]);
  const { ovsType, udpPort: usual } = ENCAPSULATIONS[encapsulation];
  const { bridge, vni, local, udpPort = usual, vlan = null } = wanted;
  const { protected: isProtected = true, mtu = assumedMtu(local) } = wanted;
  const all: AnyPortState = { bridge, vni, encapsulation: ovsType, udpPort, local, vlan };
  // In the given order, which is the plan's, by host: an address that moves is one entry of a list, and not all of them.
  const remotes = wanted.remotes?.map((address) => ({ address }));
  switch (flooding) {
    case Flooding.Unicast:
      return {
        ...all,
        ...{ flooding, protected: isProtected },
        remotes: (remotes ?? []).map(({ address }) => ({ port: tunnelName(vni, address), address })),
      };
    case Flooding.Multicast: {
      const { group = "", ttl = SEGMENT.ttl.default } = wanted;
      const devices = multicastDevices(vni);
      return { ...all, flooding, group, ttl, mtu, devices, remotes: remotes ?? null };
    }
    case Flooding.Flow:
      return {
        ...all,
        ...{ flooding, protected: isProtected, devices: flowDevices(vni), remotes: remotes ?? [] },
        stations: wanted.stations ?? [],
      };
  }
}
