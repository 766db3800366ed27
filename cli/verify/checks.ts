/** What a lab has to prove, as data: built from its stack output, nothing else is known here. */
import type { HostOutput, LabOutput, PortOutput } from "../../plan/contract";
import type { BridgePlan, ContainerPlan, InterfacePlan } from "../../plan/types";
import { endsOf, farPairs, ipOf, pingPairs, strangers } from "./pairs";
import type { End, Pair } from "./pairs";

interface Common {
  /** Kind and things, divided by slashes: `ping/c1/c2`. */
  name: string;
  /** The host on which it is looked at. */
  host: string;
  /** In words, for people. */
  expected: string;
  /** What to run to see for oneself. */
  where: string;
}

/** SSH answers, and the host has the key that it was created with. */
export interface SshCheck extends Common {
  kind: "ssh";
}

export interface BridgeCheck extends Common {
  kind: "bridge";
  bridge: BridgePlan;
}

/** One tunnel of Open vSwitch: taken by the switch, and with the planned options. */
export interface TunnelCheck extends Common {
  kind: "tunnel";
  port: string;
  options: Readonly<Record<string, string>>;
  /** The bridge holds other segments as well, whose frames this port must not carry. */
  shared: boolean;
}

export interface ContainerCheck extends Common {
  kind: "container";
  container: ContainerPlan;
  /** As for a tunnel. */
  shared: boolean;
}

/** A ping from inside a container; `size` is the whole IP packet, bytes, and has DF set. */
export interface PingCheck extends Common {
  kind: "ping" | "fits" | "too-big" | "isolated";
  from: string;
  to: string;
  size?: number;
}

/** A ping, as the destination's host (`host`) sees it arrive. */
export interface WireCheck extends Common {
  kind: "wire";
  /** The ping that is looked for, whether it is a check of its own or not. */
  ping: Pick<PingCheck, "name" | "host" | "from" | "to">;
  inner: { src: string; dst: string };
  outer: { src: string; dst: string; udpPort: number };
  vni: number;
}

/** Looked at on one host, without sending anything. */
export type StillCheck = SshCheck | BridgeCheck | TunnelCheck | ContainerCheck;
export type Check = StillCheck | PingCheck | WireCheck;

/** Bytes of IPv4 header, ICMP header: what `ping -s` does not count. */
export const PING_HEADERS = 28;

export function buildChecks(lab: LabOutput): Check[] {
  const segments = segmentsOf(lab);
  return [
    ...stillChecks(lab),
    ...segments.flatMap((box) => pingPairs(box)).map((pair) => pingCheck(pair)),
    ...segments.flatMap((box) => farPairs(box)).flatMap((pair) => mtuChecks(pair)),
    ...segments.flatMap((box) => farPairs(box)).flatMap((pair) => wireChecks(lab, pair)),
    ...strangers(segments).map((pair) => isolationCheck(pair)),
  ];
}

export function stillChecks(lab: LabOutput): StillCheck[] {
  return [
    ...lab.hosts.flatMap((host) => hostChecks(host)),
    ...lab.containers.map((box) => containerCheck(lab, box)),
  ];
}

/** The ends of each segment, in the segments' order by name. */
function segmentsOf(lab: LabOutput): End[][] {
  const ends = lab.containers.flatMap(endsOf);
  const names = [...new Set(ends.map(({ segment }) => segment))].sort();
  return names.map((name) => ends.filter(({ segment }) => segment === name));
}

function hostChecks(host: HostOutput): StillCheck[] {
  const { name, bridge } = host;
  const address = bridge.address ?? "no address";
  const ssh: SshCheck = {
    kind: "ssh",
    name: `ssh/${name}`,
    host: name,
    expected: `${host.address} answers with its pinned host key`,
    where: `./vxlab ssh ${name} -- uptime`,
  };
  const switching: BridgeCheck = {
    kind: "bridge",
    name: `bridge/${name}/${bridge.name}`,
    host: name,
    bridge,
    expected: `${bridge.mac}, MTU ${bridge.mtu}, ${address}`,
    where: `./vxlab ssh ${name} -- ip address show dev ${bridge.name}`,
  };
  return [ssh, switching, ...host.ports.flatMap((port) => tunnelChecks(host, port))];
}

function tunnelChecks(host: HostOutput, port: PortOutput): TunnelCheck[] {
  return port.tunnels.map((tunnel) => {
    const options = {
      remote_ip: tunnel.address,
      local_ip: host.address,
      key: String(port.vni),
      dst_port: String(port.udpPort),
    };
    return {
      kind: "tunnel",
      name: `tunnel/${host.name}/${tunnel.port}`,
      host: host.name,
      port: tunnel.port,
      options,
      shared: host.ports.length > 1,
      expected: `in use, protected, ${host.ports.length > 1 ? "of one VLAN, " : ""}${optionsText(options)}`,
      where: `./vxlab ssh ${host.name} -- ovs-vsctl list port ${tunnel.port} -- list interface ${tunnel.port}`,
    };
  });
}

export function optionsText(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

function containerCheck(lab: LabOutput, container: ContainerPlan): ContainerCheck {
  const { name, host } = container;
  const home = lab.hosts.find((one) => one.name === host);
  return {
    kind: "container",
    name: `container/${name}`,
    host,
    container,
    shared: (home?.ports.length ?? 0) > 1,
    expected: ["RUNNING", ...container.interfaces.map(nicText)].join(", "),
    where: `./vxlab exec ${name} -- ip address show dev eth0`,
  };
}

function nicText({ name, mac, mtu, addresses }: InterfacePlan): string {
  return `${name} ${mac}, MTU ${mtu}, ${addresses.join(" ") || "no address"}`;
}

function pingCheck({ from, to }: Pair): PingCheck {
  return {
    kind: "ping",
    ...between(from, to),
    name: pingName(from, to),
    expected: `${to.name} (${ipOf(to)}) answers ${from.name}`,
    where: `./vxlab exec ${from.name} -- ping -c 3 ${ipOf(to)}`,
  };
}

function pingName(from: End, to: End): string {
  return `ping/${from.name}/${to.name}`;
}

/** The MTU is proven from both sides: a packet of its size passes whole, one byte more is refused. */
function mtuChecks({ from, to }: Pair): PingCheck[] {
  const { mtu } = from;
  const where = `./vxlab exec ${from.name} -- ip link show dev eth0`;
  return [
    {
      kind: "fits",
      ...between(from, to),
      name: `mtu/${from.name}/${to.name}/${mtu}`,
      size: mtu,
      expected: `a packet of ${mtu} bytes with DF passes`,
      where,
    },
    {
      kind: "too-big",
      ...between(from, to),
      name: `mtu/${from.name}/${to.name}/${mtu + 1}`,
      size: mtu + 1,
      expected: `a packet of ${mtu + 1} bytes with DF is refused: message too long`,
      where,
    },
  ];
}

function between(from: End, to: End): Pick<PingCheck, "host" | "from" | "to"> {
  return { host: from.host, from: from.name, to: ipOf(to) };
}

/** Two containers of one host never meet a wire. */
function wireChecks(lab: LabOutput, { from, to }: Pair): WireCheck[] {
  const source = lab.hosts.find(({ name }) => name === from.host);
  const sink = lab.hosts.find(({ name }) => name === to.host);
  const port = source?.ports.find(({ segment }) => segment === from.segment);
  if (source === undefined || sink === undefined || port === undefined || source === sink) return [];
  const { udpPort, vni } = port;
  return [
    {
      kind: "wire",
      name: `wire/${from.name}/${to.name}`,
      host: sink.name,
      ping: { name: pingName(from, to), ...between(from, to) },
      inner: { src: ipOf(from), dst: ipOf(to) },
      outer: { src: source.address, dst: sink.address, udpPort },
      vni,
      expected: `${source.address} > ${sink.address} UDP ${udpPort} VNI ${vni}`,
      where: `./vxlab capture ${sink.name} --count 10 (and ./vxlab exec ${from.name} -- ping ${ipOf(to)})`,
    },
  ];
}

function isolationCheck({ from, to }: Pair): PingCheck {
  return {
    kind: "isolated",
    ...between(from, to),
    name: `isolation/${from.name}/${to.name}`,
    expected: `${to.name} (${ipOf(to)}, segment ${to.segment}) is out of reach of ${from.name} (${from.segment})`,
    where: `./vxlab exec ${from.name} -- arping -c 3 -I eth0 ${ipOf(to)}`,
  };
}

/** Whether a check is among the wanted: by its whole name, its beginning, or any part of it (`mtu`, `c1`, `kvm2`). */
export function isWanted({ name }: Pick<Check, "name">, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return wanted.some(
    (word) => name === word || name.startsWith(`${word}/`) || name.split("/").includes(word),
  );
}
