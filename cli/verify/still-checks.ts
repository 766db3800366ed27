/** Checks that look and send nothing: hosts, bridges, tunnels, services, containers. */
import type { HostOutput, LabOutput, PortOutput, TunnelOutput } from "../../plan/contract";
import { Flooding } from "../../plan/types";
import type { ContainerPlan, InterfacePlan, ServicePlan } from "../../plan/types";
import type { ContainerCheck, GroupCheck, Place, ServiceCheck, StillCheck, TunnelCheck } from "./checks";
import { wholeHostChecks } from "./host-checks";
import { tunnelPing } from "./sent-checks";

export function stillChecks(lab: LabOutput): StillCheck[] {
  return [
    ...lab.hosts.flatMap((host) => hostChecks(lab, host)),
    ...lab.services.map((service) => serviceCheck(lab, service)),
    ...lab.containers.map((box) => containerCheck(lab, box)),
  ];
}

function hostChecks(lab: LabOutput, host: HostOutput): StillCheck[] {
  const { name, bridge } = host;
  const address = bridge.address ?? "no address";
  return [
    {
      kind: "ssh",
      name: `ssh/${name}`,
      host: name,
      expected: `${host.existing?.sshAddress ?? host.address} answers with its pinned host key`,
      where: `./vxlab ssh ${name} -- uptime`,
    },
    {
      kind: "bridge",
      name: `bridge/${name}/${bridge.name}`,
      host: name,
      bridge,
      expected: `${bridge.mac}, MTU ${bridge.mtu}, ${address}`,
      where: `./vxlab ssh ${name} -- ip address show dev ${bridge.name}`,
    },
    ...host.ports.flatMap((port) => portChecks(lab, host, port)),
    ...wholeHostChecks(lab, host),
  ];
}

function portChecks(lab: LabOutput, host: HostOutput, port: PortOutput): StillCheck[] {
  const [first] = port.tunnels;
  if (first === undefined) return [];
  switch (port.flooding) {
    case Flooding.Unicast:
      return port.tunnels.map((tunnel) => tunnelCheck(lab, host, port, tunnel));
    case Flooding.Flow:
      return flowChecks(host, port, first.port);
    case Flooding.Multicast:
      return [groupCheck(host, port, first.port)];
  }
}

function tunnelCheck(lab: LabOutput, host: HostOutput, port: PortOutput, tunnel: TunnelOutput): TunnelCheck {
  const shared = host.ports.length > 1;
  const far = lab.hosts
    .find(({ name }) => name === tunnel.host)
    ?.ports.find(({ segment }) => segment === port.segment);
  const back = far?.tunnels.find((one) => one.host === host.name);
  const ping = tunnelPing(lab, port.segment, host.name, tunnel);
  return {
    ...ovsCheck(host, tunnel.port, vxlanOptions(host, port, tunnel.address), {
      vni: port.vni,
      protected: port.protected,
      shared,
      place: placeOf(host, port),
    }),
    ...(back === undefined ? {} : { far: { host: tunnel.host, port: back.port } }),
    ...(ping === undefined ? {} : { ping }),
  };
}

function placeOf({ bridge }: HostOutput, { vlan }: PortOutput): Place {
  return { bridge: bridge.name, ...(vlan === undefined ? {} : { vlans: vlan }) };
}

/** The tunnel port is alone on a bridge of its own; what ties that to the host's is one of the segment's ports there. */
function flowChecks(host: HostOutput, port: PortOutput, name: string): TunnelCheck[] {
  const patch = (end: string) => name.replace(/^vf/, end);
  return [
    ovsCheck(host, name, vxlanOptions(host, port, "flow"), {
      vni: port.vni,
      shared: false,
      place: { bridge: patch("bf") },
    }),
    ovsCheck(
      host,
      patch("pf"),
      { peer: patch("pb") },
      { vni: port.vni, shared: host.ports.length > 1, place: placeOf(host, port) },
    ),
  ];
}

function vxlanOptions(host: HostOutput, { vni, udpPort }: PortOutput, remote: string) {
  return { remote_ip: remote, local_ip: host.address, key: String(vni), dst_port: String(udpPort) };
}

function ovsCheck(
  { name: host }: HostOutput,
  port: string,
  options: Record<string, string>,
  rules: Pick<TunnelCheck, "vni" | "protected" | "shared" | "place">,
): TunnelCheck {
  const words = { true: "protected, ", false: "not protected, ", undefined: "" };
  const vlan = rules.shared ? "of one VLAN, " : "";
  return {
    kind: "tunnel",
    name: `tunnel/${host}/${port}`,
    host,
    port,
    options,
    ...rules,
    expected: `in use, ${words[`${rules.protected}`]}${vlan}${optionsText(options)}`,
    where: `./vxlab ssh ${host} -- ovs-vsctl list port ${port} -- list interface ${port}`,
  };
}

export function optionsText(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

function groupCheck(host: HostOutput, port: PortOutput, device: string): GroupCheck {
  const { vni, udpPort, group = "", ttl } = port;
  return {
    kind: "group",
    name: `tunnel/${host.name}/${device}`,
    host: host.name,
    device,
    vni,
    udpPort,
    group,
    ...(ttl === undefined ? {} : { ttl }),
    shared: host.ports.length > 1,
    place: placeOf(host, port),
    expected: `${groupText({ vni, udpPort, group, ttl })}, on the bridge`,
    where: `./vxlab ssh ${host.name} -- ip -d link show dev ${device}`,
  };
}

export function groupText(of: Pick<GroupCheck, "vni" | "udpPort" | "group" | "ttl">): string {
  const hops = of.ttl === undefined ? "" : `, TTL ${of.ttl}`;
  return `VNI ${of.vni}, group ${of.group}, UDP ${of.udpPort}${hops}`;
}

function bridgeOn({ hosts }: LabOutput, host: string): string {
  return hosts.find(({ name }) => name === host)?.bridge.name ?? "";
}

function serviceCheck(lab: LabOutput, service: ServicePlan): ServiceCheck {
  const { segment, host, device, mac, mtu, addresses, nat, dhcp } = service;
  const does = [...(nat ? ["NAT"] : []), ...(dhcp === undefined ? [] : ["DHCP"])];
  return {
    kind: "service",
    lab: lab.id,
    name: `service/${segment}`,
    host,
    service,
    bridge: bridgeOn(lab, host),
    expected: [`${device} ${mac}, MTU ${mtu}, ${addresses.join(" ")}`, ...does].join(", "),
    where: `./vxlab ssh ${host} -- ip address show dev ${device}`,
  };
}

function containerCheck(lab: LabOutput, container: ContainerPlan): ContainerCheck {
  const { name, host } = container;
  const lent = lab.services.flatMap(({ segment, dhcp }) =>
    dhcp === undefined ? [] : [[segment, { first: dhcp.first, last: dhcp.last }] as const],
  );
  return {
    kind: "container",
    name: `container/${name}`,
    host,
    container,
    lent: Object.fromEntries(lent),
    bridge: bridgeOn(lab, host),
    expected: ["RUNNING", ...container.interfaces.flatMap(nicTexts)].join(", "),
    where: `./vxlab exec ${name} -- ip address show`,
  };
}

function nicTexts({ name, mac, mtu, addresses, dhcp, trunk }: InterfacePlan): string[] {
  const words = [...(dhcp ? ["a lent address"] : []), ...addresses].join(" ") || "no address";
  return [
    `${name} ${mac}, MTU ${mtu}, ${words}`,
    ...trunk.map((tagged) => `${name}.${tagged.vlan} MTU ${tagged.mtu}, ${tagged.addresses.join(" ")}`),
  ];
}
