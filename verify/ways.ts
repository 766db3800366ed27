/** What a segment is made of on its hosts, for each way to flood it: a new way is an object in WAYS. */
import type { HostOutput, PortOutput, TunnelOutput } from "../plan/contract";
import { flowDevices, multicastDevices } from "../plan/names";
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS } from "../plan/net/encap";
import type { Encapsulation } from "../plan/net/encap";
import { Flooding } from "../plan/types";
import type { Place } from "./on-port";

/** A port of Open vSwitch that leads to others. */
export interface Link {
  port: string;
  /** The interface's in Open vSwitch. */
  type: string;
  options: Readonly<Record<string, string>>;
  place: Place;
  /** Undefined where it does not matter, since nothing else is on its bridge. */
  protected?: boolean;
  /** The bridge holds other segments as well, whose frames this port must not carry. */
  shared: boolean;
  /** The tunnel of it, where that leads to one host. */
  tunnel?: TunnelOutput;
}

export interface Way {
  /** One port leads to all other hosts, instead of one to each. */
  joint: boolean;
  /** The ports that are checked one by one, in a segment with other hosts. */
  links(host: HostOutput, port: PortOutput): Link[];
  /** The kernel's VXLAN device that is a port of the bridge, in a segment with other hosts. */
  device?(port: PortOutput): string;
  /** Every port that it puts on bridges of the host. */
  ports(port: PortOutput): string[];
  /** The bridges that it adds. */
  bridges(port: PortOutput): string[];
}

export const WAYS: Readonly<Record<Flooding, Way>> = {
  [Flooding.Unicast]: {
    joint: false,
    links: (host, port) =>
      port.tunnels.map((tunnel) => ({
        port: tunnel.port,
        ...tunnelTo(host, port, tunnel.address),
        place: placeOf(host, port),
        protected: port.protected,
        shared: isShared(host),
        tunnel,
      })),
    ports: ({ tunnels }) => tunnels.map(({ port }) => port),
    bridges: () => [],
  },
  // The tunnel's port is alone on a bridge of its own; a patch ties that to the host's bridge, as one of the segment's ports there.
  [Flooding.Flow]: {
    joint: true,
    links: (host, port) => {
      const { tunnel, patch, peer, bridge } = flowDevices(port.vni);
      return [
        { port: tunnel, ...tunnelTo(host, port, "flow"), place: { bridge }, shared: false },
        {
          ...{ port: patch, type: "patch", options: { peer } },
          place: placeOf(host, port),
          shared: isShared(host),
        },
      ];
    },
    ports: ({ vni }) => Object.values(flowDevices(vni)),
    bridges: ({ vni }) => [flowDevices(vni).bridge],
  },
  [Flooding.Multicast]: {
    joint: true,
    links: () => [],
    device: ({ vni }) => multicastDevices(vni).tunnel,
    ports: ({ vni }) => Object.values(multicastDevices(vni)),
    bridges: () => [],
  },
};

function tunnelTo(host: HostOutput, port: PortOutput, remote: string): Pick<Link, "type" | "options"> {
  const { vni, udpPort } = port;
  return {
    type: ENCAPSULATIONS[encapsulationOf(port)].ovsType,
    options: { remote_ip: remote, local_ip: host.address, key: String(vni), dst_port: String(udpPort) },
  };
}

/** The default where the lab's output does not say. */
export function encapsulationOf(port: PortOutput): Encapsulation {
  return port.encapsulation ?? DEFAULT_ENCAPSULATION;
}

export function placeOf({ bridge }: HostOutput, { vlan }: PortOutput): Place {
  return { bridge: bridge.name, ...(vlan === undefined ? {} : { vlans: vlan }) };
}

export function isShared({ ports }: HostOutput): boolean {
  return ports.length > 1;
}
