/** Static forwarding: flows on one tunnel port lead to everything that the plan knows, and answer ARP for it. */
import { flowDevices } from "../../../plan/names";
import { Encapsulation, UDP_PORTS } from "../../../plan/net/encap";
import type { FlowFlooding } from "../../../plan/resolved";
import { HostNeed } from "../../host/spec";
import { Flooding } from "../spec";
import { stationsOf } from "../stations";
import type { Way } from "./way";

export const flow: Way<FlowFlooding> = {
  encapsulations: { [Encapsulation.Vxlan]: UDP_PORTS[Encapsulation.Vxlan] },
  need: HostNeed.Flow,
  settings: [],
  resolve: () => ({ way: Flooding.Flow }),
  closed: () => ({ key: "flooding", needs: "knows every container" }),
  // A bridge of its own, with a pair of patch ports to the host's bridge (../guest.sh).
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
};
