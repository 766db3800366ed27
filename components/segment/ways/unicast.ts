/** Head-end replication: a copy of each flooded frame to each remote VTEP, by a tunnel port for each. */
import { tunnelName } from "../../../plan/names";
import { UDP_PORTS } from "../../../plan/net/encap";
import type { ResolvedFlooding } from "../../../plan/resolved";
import { suggest } from "../../../plan/rules";
import { isShared, placeOf, tunnelTo } from "../port";
import type { AnyPortState } from "../port";
import { Flooding, SEGMENT } from "../spec";
import type { Way } from "./way";

export interface UnicastFlooding extends ResolvedFlooding {
  way: Flooding.Unicast;
  /** Of hub and spoke; absent in a full mesh. */
  hub?: string;
}

/** One tunnel port of the bridge for each remote VTEP. */
export interface UnicastPortState extends AnyPortState {
  flooding: Flooding.Unicast;
  /** Open vSwitch's `protected`: false on the hub of hub and spoke. */
  protected: boolean;
  /** The tunnel port towards each remote VTEP. */
  remotes: { port: string; address: string }[];
  /** Open vSwitch probes the tunnels by BFD. Left out if it does not, as in the states of versions before this setting. */
  bfd?: true;
}

export const unicast: Way<UnicastFlooding, UnicastPortState> = {
  encapsulations: UDP_PORTS,
  settings: ["hub", "bfd"],
  resolve({ spec: { hub }, at, names }, said) {
    const way = Flooding.Unicast;
    if (hub === undefined || names.includes(hub)) return { way, ...(hub === undefined ? {} : { hub }) };
    said.say(at("hub"), hub, "Is not a host of the segment.", suggest(hub, names, "host of the segment"));
    return { way };
  },
  closed: ({ hub }) => (hub === undefined ? undefined : { key: "hub", needs: "has one hub for all hosts" }),
  outsiders: true,
  drawn: ({ hub, tunnels }) =>
    hub !== undefined ? `hub ${hub}` : tunnels.length > 1 ? "full mesh" : "unicast",
  devices: () => [],
  portTo: tunnelName,
  plan({ bfd }, { hub }) {
    const probed = bfd ? ({ bfd } as const) : {};
    return (host, remotes) => {
      if (hub === undefined) return probed;
      // The hub passes frames on from tunnel to tunnel.
      if (host === hub) return { ...probed, protected: false };
      return { ...probed, remotes: remotes.filter((one) => one.host === hub) };
    };
  },
  // In the given order (the plan's, by host), so that a changed address changes one entry of the list, not all of them.
  state: (port, { protected: isProtected = true, remotes = [], bfd = SEGMENT.bfd.default }) => ({
    ...port,
    ...{ flooding: Flooding.Unicast, protected: isProtected },
    remotes: remotes.map((address) => ({ port: tunnelName(port.vni, address), address })),
    ...(bfd ? { bfd } : {}),
  }),
  links: (host, port) =>
    port.tunnels.map((tunnel) => ({
      port: tunnel.port,
      ...tunnelTo(host, port, tunnel.address),
      place: placeOf(host, port),
      protected: port.protected,
      ...(port.bfd === true ? { bfd: port.bfd } : {}),
      shared: isShared(host),
      tunnel,
    })),
};
