/** Verdicts on what was looked at: bridges, tunnels, services, containers. Pure. */
import { addressNumber } from "../../plan/addresses";
import type { InterfacePlan } from "../../plan/types";
import type { BridgeCheck, ContainerCheck, GroupCheck, Place, ServiceCheck, TunnelCheck } from "./checks";
import { serviceDrift } from "./judge-host";
import type { ContainerFacts, HostFacts, NicFacts, PortFacts } from "./parse";
import { groupText, optionsText } from "./still-checks";

export interface Verdict {
  ok: boolean;
  got: string;
}

export function onBridge({ bridge }: BridgeCheck, facts: HostFacts): Verdict {
  if (facts.bridge === undefined) return { ok: false, got: facts.trouble.get("bridge") ?? "no such bridge" };
  const port = facts.ports?.get(bridge.name);
  const fault = port && vlanFault(bridge.name, port, { bridge: bridge.name, vlans: 0 }, false);
  if (fault !== undefined) return { ok: false, got: fault };
  return onNic(facts.bridge, { ...bridge, addresses: bridge.address === undefined ? [] : [bridge.address] });
}

function onNic(nic: NicFacts, wanted: Pick<NicFacts, "mac" | "mtu" | "addresses">): Verdict {
  const ok =
    nic.up &&
    nic.mac === wanted.mac &&
    nic.mtu === wanted.mtu &&
    sorted(nic.addresses) === sorted(wanted.addresses);
  return { ok, got: nicText(nic) };
}

function nicText({ mac, mtu, up, addresses }: NicFacts): string {
  return `${mac}, MTU ${mtu}, ${addresses.join(" ") || "no address"}${up ? "" : ", down"}`;
}

function sorted(addresses: readonly string[]): string {
  return [...addresses].sort().join();
}

export function onTunnel(check: TunnelCheck, facts: HostFacts): Verdict {
  const { port, options, shared } = check;
  if (facts.ports === undefined) {
    return { ok: false, got: facts.trouble.get("ovs") ?? "Open vSwitch is silent" };
  }
  const tunnel = facts.ports.get(port);
  if (tunnel === undefined) return { ok: false, got: "no such tunnel" };
  // ovs-vsctl takes what the switch then refuses: only these two columns tell (ovs-vswitchd.conf.db(5), Interface).
  if (tunnel.error !== "") return { ok: false, got: `refused: ${tunnel.error}` };
  if (tunnel.ofport < 0) return { ok: false, got: `refused: ofport ${tunnel.ofport}` };
  const different = Object.entries(options).filter(([key, value]) => tunnel.options[key] !== value);
  if (different.length > 0) return { ok: false, got: optionsText(tunnel.options) };
  const fault = vlanFault(port, tunnel, check.place, shared);
  if (fault !== undefined) return { ok: false, got: fault };
  const state = check.protected === undefined ? "in use" : protection(tunnel.protected, check.protected);
  const ok = check.protected === undefined || tunnel.protected === check.protected;
  return { ok, got: `ofport ${tunnel.ofport}, ${state}${packetsText(tunnel)}` };
}

function packetsText({ packets }: PortFacts): string {
  return packets === undefined ? "" : `, packets in ${packets.in}, out ${packets.out}`;
}

function protection(found: boolean, wanted: boolean): string {
  if (found) return wanted ? "protected" : "protected: the hub passes no frames on";
  return wanted ? "not protected: a mesh of three hosts would loop" : "not protected";
}

/**
 * What is wrong with a port's bridge and VLANs; undefined when nothing is. Without a tag a port is a trunk of all VLANs
 * (ovs-vswitchd.conf.db(5), Port, "VLAN Configuration").
 *
 * @param shared what is left to judge where the lab's output does not tell the VLAN
 */
function vlanFault(
  name: string,
  port: PortFacts,
  { bridge, vlans }: Place,
  shared: boolean,
): string | undefined {
  const { tag, trunks, vlanMode } = port;
  if (port.bridge !== undefined && port.bridge !== bridge)
    return `port ${name} is on ${port.bridge}, not on ${bridge}`;
  const open = tag === undefined && trunks.length === 0;
  if (open && (shared || vlans !== undefined))
    return `port ${name} has no VLAN tag: it carries the frames of every segment`;
  if (vlans === undefined) return undefined;
  const wanted = typeof vlans === "number" ? { tag: vlans, trunks: [] } : { trunks: vlans };
  const mode = typeof vlans === "number" ? "access" : "trunk";
  const [found, planned] = [vlansText({ tag, trunks }), vlansText(wanted)];
  if (found !== planned) return `port ${name} carries ${found} instead of ${planned}`;
  return vlanMode === undefined || vlanMode === mode ? undefined : `port ${name} has vlan_mode=${vlanMode}`;
}

function vlansText({ tag, trunks }: Pick<PortFacts, "tag" | "trunks">): string {
  const own = tag === undefined ? [] : [tag === 0 ? "untagged frames" : `VLAN ${tag}`];
  const tagged = [...trunks].sort((a, b) => a - b);
  return [...own, ...(tagged.length === 0 ? [] : [`tagged VLANs ${tagged.join(", ")}`])].join(" and ");
}

export function onGroup(check: GroupCheck, facts: HostFacts): Verdict {
  const { device, shared } = check;
  const found = facts.vxlans?.get(device);
  if (found === undefined) return { ok: false, got: facts.trouble.get("vxlan") ?? "no such device" };
  const seen = check.ttl === undefined ? { ...found, ttl: undefined } : found;
  const got = `${groupText(seen)}${found.up ? "" : ", down"}`;
  if (!found.up || groupText(seen) !== groupText(check)) return { ok: false, got };
  const port = facts.ports?.get(device);
  if (port === undefined || port.ofport < 0) return { ok: false, got: `${got}, not on the bridge` };
  const fault = vlanFault(device, port, check.place, shared);
  if (fault !== undefined) return { ok: false, got: fault };
  return { ok: true, got: `${got}, ofport ${port.ofport}${packetsText(port)}` };
}

/** The interface, its port, and what translates and lends behind it. */
export function onService({ lab, service, bridge }: ServiceCheck, facts: HostFacts): Verdict {
  const { device, vlan = 0, nat, dhcp } = service;
  const nic = facts.services.get(device);
  if (nic === undefined) return { ok: false, got: facts.trouble.get(`service ${device}`) ?? `no ${device}` };
  const { ok, got } = onNic(nic, service);
  if (!ok) return { ok, got: `${device} ${got}` };
  const port = facts.ports?.get(device);
  if (port === undefined) return { ok: false, got: `${device} is not on the bridge` };
  const fault = vlanFault(device, port, { bridge, vlans: vlan }, true);
  if (fault !== undefined) return { ok: false, got: fault };
  const drift = serviceDrift({ lab, device }, facts);
  if (!drift.ok && (nat || dhcp !== undefined)) return drift;
  const does = [...(nat ? ["NAT"] : []), ...(dhcp === undefined ? [] : ["DHCP"])];
  return { ok, got: [`${device} ${got}`, ...does].join(", ") };
}

export function onContainer(check: ContainerCheck, facts: HostFacts): Verdict {
  const { name, interfaces } = check.container;
  const found = facts.containers.get(name);
  if (found === undefined) return { ok: false, got: "no such container" };
  if (found.nics === undefined) {
    const words = [found.state, facts.trouble.get(`container ${name}`)];
    return { ok: false, got: words.filter(Boolean).join(": ") };
  }
  for (const { veth, vlan = 0, trunk } of interfaces) {
    const port = facts.ports?.get(veth);
    if (port === undefined) return { ok: false, got: `${found.state}, ${veth} is not on the bridge` };
    const vlans = trunk.length === 0 ? vlan : trunk.map((one) => one.vlan);
    const fault = vlanFault(veth, port, { bridge: check.bridge, vlans }, true);
    if (fault !== undefined) return { ok: false, got: `${found.state}, ${fault}` };
  }
  const verdicts = interfaces.flatMap((nic) => onInterface(check, nic, found));
  const ok = found.state === "RUNNING" && verdicts.every((verdict) => verdict.ok);
  return { ok, got: [found.state, ...verdicts.map(({ got }) => got)].join(", ") };
}

function onInterface(check: ContainerCheck, plan: InterfacePlan, { nics }: ContainerFacts): Verdict[] {
  const { name, mac, mtu, addresses, dhcp, segment = "", trunk } = plan;
  const nic = nics?.get(name);
  if (nic === undefined) return [{ ok: false, got: `no ${name}` }];
  const range = dhcp ? check.lent[segment] : undefined;
  const lent = range === undefined ? [] : nic.addresses.filter((address) => isLent(address, range));
  const whole = onNic(nic, { mac, mtu, addresses: [...lent, ...addresses] });
  const own = { ok: whole.ok && lent.length === (dhcp ? 1 : 0), got: `${name} ${whole.got}` };
  const tagged = trunk.map((one): Verdict => {
    const inner = nics?.get(`${name}.${one.vlan}`);
    if (inner === undefined) return { ok: false, got: `no ${name}.${one.vlan}` };
    const verdict = onNic(inner, { ...one, mac });
    return { ...verdict, got: `${name}.${one.vlan} ${verdict.got}` };
  });
  return [own, ...tagged];
}

function isLent(address: string, { first, last }: { first: string; last: string }): boolean {
  const number = addressNumber(address.split("/")[0] ?? "");
  return number >= addressNumber(first) && number <= addressNumber(last);
}
