/** The setting `containers.<name>.ports`: ports of a container's host that lead to it. */
import { addressText, familyOf } from "../../plan/addresses";
import type { Findings } from "../../plan/findings";
import { UDP_PORTS } from "../../plan/net/encap";
import { IpFamily } from "../../plan/net/family";
import type { Problem } from "../../plan/problem";
import type { ResolvedHost, ResolvedLab } from "../../plan/resolved";
import { pathOf, repeated } from "../../plan/rules";
import type { At } from "../../plan/values";
import type { PortPlan } from "../../plan/workload-plan";
import { WIREGUARD_PORT } from "../encryption/wireguard";
import { MULTICAST_UDP_PORT } from "../segment/spec";
import { EXISTING } from "../host/spec";
import type { ContainerSpec } from "./spec";
import { PortProtocol } from "./spec-inside";

const CURE = "Write HOST:CONTAINER, for example 8080:80, or 5353:53/udp.";
const BGP = 179;
/** A port whose veth address on the host would be 169.254.169.254, the metadata service of clouds. */
const METADATA = 0xa9fe;

/** Those that are usable, as they are written. */
export function resolvePorts({ ports }: ContainerSpec, at: At, said: Findings): PortPlan[] {
  if (ports === undefined) return [];
  if (!Array.isArray(ports)) {
    said.say(at("ports"), ports, "Is not a list of ports.", CURE);
    return [];
  }
  const all = ports.flatMap((got: unknown, index) => {
    const path = at("ports", index);
    const [, port, to, protocol = PortProtocol.Tcp] =
      /^(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/.exec(String(got)) ?? [];
    const isPort = (text: string | undefined) => Number(text) >= 1 && Number(text) <= 65535;
    if (!isPort(port) || !isPort(to)) {
      said.say(path, got, "Is not a pair of ports from 1 to 65535.", CURE);
      return [];
    }
    const plan: PortPlan = { port: Number(port), to: Number(to), protocol: protocol as PortProtocol };
    return [{ path, got, key: `${plan.port}/${plan.protocol}`, plan }];
  });
  said.add(repeated(all, "This port of the host", "Name each port of the host once."));
  return all.map(({ plan }) => plan);
}

/** Checks that need the host: its own ports, its address, and other published ports. */
export function checkPorts(lab: ResolvedLab): Problem[] {
  const claims = lab.containers.flatMap(({ name, host, ports }) =>
    [...new Set(ports.map(({ port }) => port))].map((port) => ({
      path: pathOf("containers", name, "ports"),
      got: port,
      key: `${host}:${port}`,
    })),
  );
  return [
    ...lab.containers.flatMap(({ name, host, ports }) => {
      const found = lab.hosts.find((one) => one.name === host);
      if (found === undefined) return [];
      return ports.flatMap((one) => faultOf(lab, found, one, pathOf("containers", name, "ports")));
    }),
    ...repeated(claims, "This port of the host", "Choose another port of the host for one of the two."),
  ];
}

function faultOf(lab: ResolvedLab, host: ResolvedHost, one: PortPlan, path: string): Problem[] {
  const { port, to, protocol } = one;
  const got = `${port}:${to}/${protocol}`;
  if (familyOf(host.address) === IpFamily.V6) {
    const message = `Is for IPv4: the address of ${host.name} on the underlay is ${addressText(host.address)}.`;
    return [{ path, got, message, cure: "Leave it out, and use ./vxlab forward, or an IPv4 underlay." }];
  }
  const taken = protocol === PortProtocol.Tcp ? ownTcp(host) : ownUdp(lab);
  const word = port === METADATA ? "the address of a cloud's metadata service" : taken.get(port);
  if (word === undefined) return [];
  const message = `Port ${port} of ${host.name} is not free: it is used for ${word}.`;
  return [{ path, got, message, cure: "Choose another port of the host." }];
}

function ownTcp(host: ResolvedHost): Map<number, string> {
  return new Map([
    [EXISTING.port.default, "SSH"],
    [BGP, "BGP"],
    ...(host.kind === "existing" ? [[host.reach.port, "SSH"] as const] : []),
  ]);
}

function ownUdp({ segments }: ResolvedLab): Map<number, string> {
  const tunnels = [
    ...Object.values(UDP_PORTS),
    MULTICAST_UDP_PORT,
    ...segments.map(({ udpPort }) => udpPort),
  ];
  return new Map([...tunnels.map((port) => [port, "tunnels"] as const), [WIREGUARD_PORT, "WireGuard"]]);
}
