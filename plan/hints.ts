import { udpPortOf } from "./defaults";
import { pathOf, sortedEntries } from "./rules";
import type { Problem, Topology } from "./types";

/** The default of Linux' own vxlan devices, from before IANA gave VXLAN a port. */
const LINUX_UDP_PORT = 8472;

/** What works, but may not be what was meant. Takes a topology without problems. */
export function labHints(topology: Topology): Problem[] {
  const ports = sortedEntries(topology.segments).filter(
    ([, segment]) => udpPortOf(segment) === LINUX_UDP_PORT,
  );
  return [
    ...ports.map(([name]) => ({
      path: pathOf("segments", name, "udpPort"),
      got: LINUX_UDP_PORT,
      message:
        "Is the old default of Linux; a VTEP that uses VXLAN's own port 4789 will not hear this segment.",
      cure: "Leave it out unless a peer outside the lab needs it.",
    })),
    ...lonely(topology),
  ];
}

function lonely(topology: Topology): Problem[] {
  const [name, ...others] = Object.keys(topology.hosts);
  if (name === undefined || others.length > 0 || Object.keys(topology.segments).length === 0) return [];
  const message = "Is the only host, so no segment has a tunnel.";
  return [
    { path: pathOf("hosts", name), got: name, message, cure: "Add a second host to see VXLAN at work." },
  ];
}
