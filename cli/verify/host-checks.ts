/** Checks of a host as a whole: what has to be kept there, what must not be there, what the guest tools find changed. */
import type { HostOutput, LabOutput, PortOutput } from "../../plan/contract";
import { ContainerKind, Flooding } from "../../plan/types";
import type { DriftCheck, ForeignCheck, KeptCheck, Thing } from "./checks";

export function wholeHostChecks(lab: LabOutput, host: HostOutput): (KeptCheck | DriftCheck | ForeignCheck)[] {
  const { name } = host;
  const things = thingsOn(lab, host);
  return [
    {
      kind: "kept",
      name: `kept/${name}`,
      host: name,
      lab: lab.id,
      things,
      expected: `desired state of ${things.length} things, which a reboot of ${name} starts again`,
      where: `./vxlab ssh ${name} -- ls /var/lib/vxlab/desired`,
    },
    {
      kind: "drift",
      name: `drift/${name}`,
      host: name,
      lab: lab.id,
      services: servicesOn(lab, host),
      expected: "flows, guard and port security as the desired state says",
      where: `./vxlab ssh ${name} -- /usr/lib/vxlab/guest drift`,
    },
    {
      kind: "foreign",
      name: `foreign/${name}`,
      host: name,
      lab: lab.id,
      things,
      bridges: [host.bridge.name, ...host.ports.filter(isFlow).map(({ vni }) => `bf${vni}`)],
      ports: portsOn(lab, host),
      homes: Object.fromEntries(lab.containers.map((box) => [box.name, box.host])),
      expected: `no container, port or desired state of this lab that no plan puts on ${name}`,
      where: `./vxlab ssh ${name} -- 'ls /var/lib/vxlab/desired; ovs-vsctl show'`,
    },
  ];
}

function isFlow({ flooding }: PortOutput): boolean {
  return flooding === Flooding.Flow;
}

const servicesOn = (lab: LabOutput, { name }: HostOutput): string[] =>
  lab.services.filter(({ host }) => host === name).map(({ device }) => device);

/** In the order in which a reboot starts them. */
function thingsOn(lab: LabOutput, host: HostOutput): Thing[] {
  const own = lab.containers.filter((box) => box.host === host.name);
  return [
    { kind: "bridge", key: host.bridge.name },
    ...host.ports.map(({ vni }): Thing => ({ kind: "port", key: String(vni) })),
    ...servicesOn(lab, host).map((key): Thing => ({ kind: "service", key })),
    ...own.map((box): Thing => ({
      kind: "container",
      key: box.name,
      docker: box.kind === ContainerKind.Docker,
    })),
  ];
}

/** Every port that the plan puts on a bridge of this host, the bridges' own included. */
function portsOn(lab: LabOutput, host: HostOutput): string[] {
  const tunnels = host.ports.flatMap(({ flooding, vni, tunnels: ways }) => {
    if (flooding === Flooding.Multicast) return [`vm${vni}`];
    return flooding === Flooding.Flow
      ? ["vf", "pf", "pb", "bf"].map((end) => `${end}${vni}`)
      : ways.map(({ port }) => port);
  });
  const boxes = lab.containers.filter((box) => box.host === host.name);
  const veths = boxes.flatMap(({ interfaces }) => interfaces.map(({ veth }) => veth));
  return [host.bridge.name, ...tunnels, ...servicesOn(lab, host), ...veths];
}
