/** The desired state of a host's part in a chain, as the host gets it: two of them for each host (ServiceChain says why). */
import { ENCAPSULATIONS } from "../../plan/net/encap";
import type { ChainPlan, HopPlan } from "./planned";
import { chainTunnel } from "../../plan/names";
import { cookiesOf } from "./cookies";
import { hasTunnels, hopFlows, nextFlows } from "./flows";
import type { ThingKind } from "../../plan/thing";

export const chain: ThingKind = {
  scripts: ["components/chain/guest.sh", "components/chain/leaving.sh", "components/chain/probes.sh"],
};

export interface ChainState {
  /** The chain's name, of the second part with `.next` behind it. */
  name: string;
  /** The host's bridge. */
  bridge: string;
  /** The host's own VTEP. */
  local: string;
  /** Open vSwitch's name for the type of the tunnels. */
  encapsulation: string;
  udpPort: number;
  /** The tunnels by which packets for one hop arrive or leave. Each flow sets the destination. */
  tunnels: { port: string; vni: number }[];
  /** VTEPs of the chain's other hosts. */
  peers: string[];
  /** VALUE/MASK of the cookies of all of its flows, and of no others. */
  cookie: string;
  /** Ports of its transparent middle boxes on this host; absent if it has none. */
  boxes?: string[];
  /** Milliseconds between two probes of the ports in `probed`. */
  probe?: number;
  /** Ports of transparent middle boxes that are probed: what one sends must arrive at the other. Absent: none is probed. */
  probed?: string[];
  /** In the syntax of ovs-ofctl; `<NAME>` is replaced by the number of a port. */
  flows: string[];
}

/** What the states of a chain are made of. */
export type ChainWanted = Omit<ChainPlan, "segment">;

/** Name of the part that says where packets go from a host's hops. */
export const nextPart = (chain: string): string => `${chain}.next`;

/** Names of all tunnels of the chain on a host. */
export function tunnelsOn(chain: Pick<ChainPlan, "hops">, host: string): string[] {
  return [...arriving(chain, host), ...leaving(chain, host)].map(({ vni }) => chainTunnel(vni));
}

const arriving = ({ hops }: Pick<ChainPlan, "hops">, host: string): HopPlan[] =>
  hops.filter((hop) => hop.host === host && hasTunnels({ hops }));

const leaving = ({ hops }: Pick<ChainPlan, "hops">, host: string): HopPlan[] =>
  hops.filter(
    (hop, index) =>
      hop.host !== host && [hops[index - 1], hops[index + 1]].some((beside) => beside?.host === host),
  );

/** The host that a part is on. */
export interface ChainHost {
  host: string;
  /** Its VTEP. */
  local: string;
  bridge: string;
}

/** The first part: what its own hops may send, and what reaches them. */
export function hopsState(chain: ChainWanted, on: ChainHost): ChainState {
  const { host } = on;
  return {
    ...common(chain, on, arriving(chain, host)),
    cookie: cookiesOf(chain, "hops"),
    ...boxesOf(chain, host),
    flows: hopFlows(chain, host),
  };
}

function boxesOf({ hops, probe }: ChainWanted, host: string): Pick<ChainState, "boxes" | "probe" | "probed"> {
  const boxes = hops
    .filter((hop) => hop.host === host && hop.mac === undefined)
    .flatMap(({ ports }) => ports);
  if (boxes.length === 0) return {};
  return { boxes, ...(probe === undefined ? {} : { probe, probed: boxes }) };
}

/** The second part: where packets go from its own hops. */
export function nextState(chain: ChainWanted, on: ChainHost): ChainState {
  const { host } = on;
  return {
    ...common({ ...chain, name: nextPart(chain.name) }, on, leaving(chain, host)),
    ...{ cookie: cookiesOf(chain, "next"), flows: nextFlows(chain, host) },
  };
}

function common(
  { name, encapsulation, udpPort, hops }: ChainWanted,
  { host, local, bridge }: ChainHost,
  tunnels: readonly HopPlan[],
) {
  const peers = hops.filter((hop) => hop.host !== host).map(({ vtep }) => vtep);
  return {
    ...{ name, bridge, local },
    ...{ encapsulation: ENCAPSULATIONS[encapsulation].ovsType, udpPort },
    tunnels: tunnels.map(({ vni }) => ({ port: chainTunnel(vni), vni })),
    peers: [...new Set(peers)],
  };
}
