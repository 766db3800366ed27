/** Checks that look and send nothing: hosts, bridges, tunnels, services, containers. */
import type { HostOutput, LabOutput, PortOutput } from "../../plan/contract";
import { Flooding } from "../../plan/types";
import type { ContainerPlan, InterfacePlan, ServicePlan } from "../../plan/types";
import type { ContainerCheck, GroupCheck, ServiceCheck, StillCheck, TunnelCheck } from "./checks";

export function stillChecks(lab: LabOutput): StillCheck[] {
  return [
    ...lab.hosts.flatMap((host) => hostChecks(host)),
    ...lab.services.map((service) => serviceCheck(service)),
    ...lab.containers.map((box) => containerCheck(lab, box)),
  ];
}

function hostChecks(host: HostOutput): StillCheck[] {
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
    ...host.ports.flatMap((port) => portChecks(host, port)),
  ];
}

function portChecks(host: HostOutput, port: PortOutput): StillCheck[] {
  const [first] = port.tunnels;
  if (first === undefined) return [];
  switch (port.flooding) {
    case Flooding.Unicast:
      return port.tunnels.map((tunnel) => tunnelCheck(host, port, tunnel.port, tunnel.address));
    case Flooding.Flow:
      return flowChecks(host, port, first.port);
    case Flooding.Multicast:
      return [groupCheck(host, port, first.port)];
  }
}

function tunnelCheck(host: HostOutput, port: PortOutput, name: string, remote: string): TunnelCheck {
  const shared = host.ports.length > 1;
  return ovsCheck(host, name, vxlanOptions(host, port, remote), { protected: port.protected, shared });
}

/** The tunnel port is alone on a bridge of its own; what ties that to the host's is one of the segment's ports there. */
function flowChecks(host: HostOutput, port: PortOutput, name: string): TunnelCheck[] {
  const patch = (end: string) => name.replace(/^vf/, end);
  return [
    ovsCheck(host, name, vxlanOptions(host, port, "flow"), { shared: false }),
    ovsCheck(host, patch("pf"), { peer: patch("pb") }, { shared: host.ports.length > 1 }),
  ];
}

function vxlanOptions(host: HostOutput, { vni, udpPort }: PortOutput, remote: string) {
  return { remote_ip: remote, local_ip: host.address, key: String(vni), dst_port: String(udpPort) };
}

function ovsCheck(
  { name: host }: HostOutput,
  port: string,
  options: Record<string, string>,
  rules: Pick<TunnelCheck, "protected" | "shared">,
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

function groupCheck(
  host: HostOutput,
  { vni, udpPort, group = "", ttl }: PortOutput,
  device: string,
): GroupCheck {
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
    expected: `${groupText({ vni, udpPort, group, ttl })}, on the bridge`,
    where: `./vxlab ssh ${host.name} -- ip -d link show dev ${device}`,
  };
}

export function groupText(of: Pick<GroupCheck, "vni" | "udpPort" | "group" | "ttl">): string {
  const hops = of.ttl === undefined ? "" : `, TTL ${of.ttl}`;
  return `VNI ${of.vni}, group ${of.group}, UDP ${of.udpPort}${hops}`;
}

function serviceCheck(service: ServicePlan): ServiceCheck {
  const { segment, host, device, mac, mtu, addresses } = service;
  return {
    kind: "service",
    name: `service/${segment}`,
    host,
    service,
    expected: `${device} ${mac}, MTU ${mtu}, ${addresses.join(" ")}`,
    where: `./vxlab ssh ${host} -- ip address show dev ${device}`,
  };
}

function containerCheck(lab: LabOutput, container: ContainerPlan): ContainerCheck {
  const { name, host } = container;
  const home = lab.hosts.find((one) => one.name === host);
  const lent = lab.services.flatMap(({ segment, dhcp }) =>
    dhcp === undefined ? [] : [[segment, { first: dhcp.first, last: dhcp.last }] as const],
  );
  return {
    kind: "container",
    name: `container/${name}`,
    host,
    container,
    lent: Object.fromEntries(lent),
    shared: (home?.ports.length ?? 0) > 1,
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
