/** Head-end replication: a copy of each flooded frame to each remote VTEP, by a tunnel port for each. */
import { tunnelName } from "../../../plan/names";
import { UDP_PORTS } from "../../../plan/net/encap";
import type { UnicastFlooding } from "../../../plan/resolved";
import { suggest } from "../../../plan/rules";
import { Flooding } from "../spec";
import type { Way } from "./way";

export const unicast: Way<UnicastFlooding> = {
  encapsulations: UDP_PORTS,
  settings: ["hub"],
  resolve({ spec: { hub }, at, names }, said) {
    const way = Flooding.Unicast;
    if (hub === undefined || names.includes(hub)) return { way, ...(hub === undefined ? {} : { hub }) };
    said.say(at("hub"), hub, "Is not a host of the segment.", suggest(hub, names, "host of the segment"));
    return { way };
  },
  closed: ({ hub }) => (hub === undefined ? undefined : { key: "hub", needs: "has one hub" }),
  devices: () => [],
  portTo: tunnelName,
  plan:
    (_, { hub }) =>
    (host, remotes) => {
      if (hub === undefined) return {};
      // The hub passes frames on from tunnel to tunnel.
      return host === hub ? { protected: false } : { remotes: remotes.filter((one) => one.host === hub) };
    },
};
