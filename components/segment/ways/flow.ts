/** Static forwarding: flows on one tunnel port forward to all stations in the plan, and answer ARP for them. */
import { flowDevices } from "../../../plan/names";
import { Encapsulation, UDP_PORTS } from "../../../plan/net/encap";
import type { ResolvedFlooding } from "../../../plan/resolved";
import { HostNeed } from "../../host/spec";
import { isShared, placeOf, tunnelTo } from "../port";
import type { AnyPortState, StationState } from "../port";
import { Flooding } from "../spec";
import { stationsOf } from "../stations";
import type { Way } from "./way";

export interface FlowFlooding extends ResolvedFlooding {
  way: Flooding.Flow;
}

/** A bridge behind the host's, with static flows on one tunnel port; a pair of patch ports joins the two. */
export interface FlowPortState extends AnyPortState {
  flooding: Flooding.Flow;
  protected: boolean;
  devices: { bridge: string; tunnel: string; patch: string; peer: string };
  remotes: { address: string }[];
  stations: StationState[];
}

export const flow: Way<FlowFlooding, FlowPortState> = {
  encapsulations: { [Encapsulation.Vxlan]: UDP_PORTS[Encapsulation.Vxlan] },
  need: HostNeed.Flow,
  settings: [],
  resolve: () => ({ way: Flooding.Flow }),
  closed: () => ({ key: "flooding", needs: "needs to know every container" }),
  outsiders: "needs to know every container",
  drawn: () => "static flows",
  // A separate bridge, with a pair of patch ports to the host's bridge (flow.sh).
  devices: (vni) => Object.values(flowDevices(vni)),
  portTo: (vni) => flowDevices(vni).tunnel,
  plan(segment, _, known) {
    const stations = stationsOf(segment, known);
    return (host) => ({
      stations: stations
        .filter((station) => station.host !== host)
        .map(({ mac, addresses, vtep }) => ({ mac, addresses: [...addresses], vtep })),
    });
  },
  state: (port, { protected: isProtected = true, remotes = [], stations = [] }) => ({
    ...port,
    ...{ flooding: Flooding.Flow, protected: isProtected, devices: flowDevices(port.vni) },
    remotes: remotes.map((address) => ({ address })),
    stations,
  }),
  // The tunnel's port is on a separate bridge; a patch port connects that bridge to the host's bridge, as one of the segment's
  // ports there.
  links(host, port) {
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
  bridges: (vni) => [flowDevices(vni).bridge],
};
