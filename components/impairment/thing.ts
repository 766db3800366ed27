/** The desired state of an impairment on one host, as the host gets it. */
import { TopologyError } from "../../plan/errors";
import { queueLimit, readEffects } from "./effects";
import type { Netem } from "./effects";
import type { ImpairmentEffects } from "./spec";
import type { ThingKind } from "../../plan/thing";

export const impairment: ThingKind = {
  scripts: ["components/impairment/guest.sh", "components/impairment/filters.sh"],
};

export interface ImpairmentState {
  /** The impairment's. */
  name: string;
  /** The host's own VTEP: packets to another host leave by the interface that leads there. */
  local: string;
  netem: NetemState;
  places: PlaceState[];
}

/** What happens to packets, in microseconds, parts per million and bits a second; 0 is none. */
interface NetemState extends Netem {
  /** Packets that may wait. */
  limit: number;
}

/** Where packets are impaired, one way. */
interface PlaceState {
  /** The interface (ifb) that they are led through, at most 15 bytes (IFNAMSIZ). */
  device: string;
  /** From the view of the interface that the packets pass: those that it sends (egress), or those that it receives (ingress). */
  hook: "egress" | "ingress";
  /** The container's interface on the host; null: the one that leads to `remote`. */
  veth: string | null;
  /** Only this VLAN of the container's; null: all frames. */
  vlan: number | null;
  /** VTEP of the other host; null with `veth`. */
  remote: string | null;
  /** Packets to the other host; empty with `veth`. */
  packets: PacketsState[];
}

interface PacketsState {
  /** A VTEP, or a multicast group. */
  address: string;
  udpPort: number;
  /** Only those of this VNI; null: of all. */
  vni: number | null;
}

/** What an impairment is made from: the arguments of Impairment, resolved. */
export interface ImpairmentWanted extends ImpairmentEffects {
  impairment: string;
  local: string;
  links?: { device: string; remote: string; packets: { address: string; udpPort: number; vni?: number }[] }[];
  ports?: { device: string; veth: string; direction?: string; vlan?: number }[];
}

/** @throws TopologyError with everything that is wrong with what happens to packets */
export function impairmentState(wanted: ImpairmentWanted): ImpairmentState {
  const { impairment: name, local, links = [], ports = [] } = wanted;
  const { netem, problems } = readEffects(wanted, (key) => `${name}.${key}`);
  if (problems.length > 0) throw new TopologyError(problems);
  return {
    ...{ name, local },
    netem: { ...netem, limit: queueLimit(netem) },
    places: [
      ...links.map(({ device, remote, packets }): PlaceState => ({
        ...{ device, hook: "egress", veth: null, vlan: null, remote },
        packets: packets.map(({ address, udpPort, vni = null }) => ({ address, udpPort, vni })),
      })),
      ...ports.map(({ device, veth, direction, vlan = null }): PlaceState => ({
        // The host's end of a container's interface receives what the container sends.
        ...{
          device,
          hook: direction === "out" ? "ingress" : "egress",
          veth,
          vlan,
          remote: null,
          packets: [],
        },
      })),
    ],
  };
}
