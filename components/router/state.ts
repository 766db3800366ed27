/** The desired state of a host's BGP router, as the host gets it. */
import { EVPN } from "./spec";

/** What it is called on the host and in a lab's things. */
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
  /** With whom it opens sessions. */
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
