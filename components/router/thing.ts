/** A host's BGP router as the host gets it. */
import type { ThingKind } from "../../plan/thing";
import { hostIn, isObject, members, shown, titled, withItsHost } from "../../plan/change";
import type { Label } from "../../plan/change";
import { EVPN } from "./spec";

/** Its name on the host and among a lab's things. */
export const ROUTER = "evpn";

export interface RouterState {
  /** Of a host's one router. */
  name: typeof ROUTER;
  /** The host's bridge, whose guard holds for the router. */
  bridge: string;
  /** The host's own VTEP: router ID, source of its sessions, next hop of its routes. */
  local: string;
  /** Autonomous system number. */
  as: number;
  reflector: boolean;
  /** The routers that it opens sessions with. */
  neighbours: NeighbourState[];
  /** Of a reflector: networks from which it takes sessions. */
  listen: string[];
  /** Of a reflector: addresses and ranges that the guard lets in. */
  clients: string[];
}

interface NeighbourState {
  address: string;
  as: number;
}

/** What a router is made from: the arguments of EvpnRouter, resolved. */
export interface RouterWanted {
  bridge: string;
  local: string;
  as?: number;
  reflector?: boolean;
  neighbours: { address: string; as?: number }[];
  listen?: string[];
  clients?: string[];
}

export function routerState(wanted: RouterWanted): RouterState {
  const { bridge, local, as = EVPN.as.default, reflector = false } = wanted;
  const { listen = [], clients = listen } = reflector ? wanted : {};
  const neighbours = wanted.neighbours.map((one) => ({ address: one.address, as: one.as ?? as }));
  const name = ROUTER;
  return { name, bridge, local, as, reflector, neighbours, listen, clients };
}

const LABELS: Readonly<Record<string, Label>> = {
  as: "AS",
  reflector: (_, now) => (now === true ? "is a route reflector" : "is no longer a route reflector"),
  neighbours: (old, now) => members("BGP session with", neighbours(old), neighbours(now)),
  listen: (old, now) => members("sessions from", old, now),
  // Computed from the same networks.
  clients: false,
  local: "VTEP",
  bridge: "bridge",
  hostName: false,
  labId: false,
};

export const router: ThingKind = {
  scripts: ["components/router/guest.sh", "components/router/daemons.sh"],
  on: (_, { router: own }) => (own === undefined ? [] : [ROUTER]),
  words: {
    thing: "router",
    types: ["vxlab:index:EvpnRouter"],
    subject: (edit) => ({ name: "EVPN router", host: hostIn(edit) }),
    say: withItsHost(LABELS, described),
    line: titled(({ hosts }) => (hosts.length > 1 ? "EVPN routers" : "EVPN router")),
  },
};

function described({ as, reflector }: Readonly<Record<string, unknown>>): string[] {
  return [`AS ${shown(as)}`, ...(reflector === true ? ["route reflector"] : [])];
}

/** "192.168.10.11 (AS 65001)" */
function neighbours(value: unknown): string[] {
  const all = Array.isArray(value) ? (value as unknown[]) : [];
  return all.flatMap((one) => (isObject(one) ? [`${shown(one["address"])} (AS ${shown(one["as"])})`] : []));
}
