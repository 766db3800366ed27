/** The interfaces in a segment whose MACs the plan knows, out of a lab's output. */
import type { LabOutput } from "../plan/contract";

export interface Station {
  mac: string;
  host: string;
}

export function stationsIn({ hosts, containers, services }: LabOutput, segment: string): Station[] {
  const boxes = containers.flatMap(({ host, interfaces }) =>
    interfaces
      .filter((nic) => nic.segment === segment || nic.trunk.some((tagged) => tagged.segment === segment))
      .map(({ mac }) => ({ mac, host })),
  );
  const own = services
    .filter((service) => service.segment === segment)
    .map(({ mac, host }) => ({ mac, host }));
  // A bridge's own interface is untagged, and answers only when it has an address.
  const bridges = hosts.flatMap(({ name, bridge, ports }) =>
    bridge.address !== undefined && ports.some((port) => port.segment === segment && port.vlan === 0)
      ? [{ mac: bridge.mac, host: name }]
      : [],
  );
  return [...boxes, ...own, ...bridges];
}
