/** The desired state of a host's attachment to one VNI, as the host gets it. */
import { DEFAULT_ENCAPSULATION, ENCAPSULATIONS } from "../../plan/net/encap";
import { TopologyError } from "../../plan/errors";
import type { AnyPortState, PortWanted } from "./port";
import { SEGMENT } from "./spec";
import { carrierFault, FLOODINGS, WAYS } from "./ways";
import type { PortState } from "./ways";
import type { ThingKind } from "../../plan/thing";
import { segmentWords } from "./words";

export const port: ThingKind = {
  scripts: [
    "components/segment/guest.sh",
    "components/segment/kernel.sh",
    ...FLOODINGS.map((word) => `components/segment/ways/${word}.sh`),
  ],
  on: (_, { ports }) => ports.map(({ vni }) => String(vni)),
  words: segmentWords,
};

export type { PortState, PortWanted };

/** @throws TopologyError when the way to flood cannot use the encapsulation */
export function portState(wanted: PortWanted): PortState {
  const { flooding = SEGMENT.flooding.default, encapsulation = DEFAULT_ENCAPSULATION } = wanted;
  const fault = carrierFault(encapsulation, flooding);
  if (fault !== undefined) throw new TopologyError([{ path: "encapsulation", got: encapsulation, ...fault }]);
  const { ovsType, udpPort: usual } = ENCAPSULATIONS[encapsulation];
  const { bridge, vni, local, udpPort = usual, vlan = null } = wanted;
  const port: AnyPortState = { bridge, vni, encapsulation: ovsType, udpPort, local, vlan };
  return WAYS[flooding].state(port, wanted);
}
