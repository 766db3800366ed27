/** Checks that send pings, and look for them on the wire. */
import type { LabOutput, TunnelOutput } from "../../plan/contract";
import type { Errand, PingCheck, WireCheck } from "./checks";
import { commonAddresses, endsOf, ipOf, isIpv6 } from "./pairs";
import type { End, Pair } from "./pairs";

/** One of each family that the two have in common: `ping/c1/c2`, `ping6/c1/c2`. */
export function pingChecks({ from, to }: Pair): PingCheck[] {
  return commonAddresses(from, to).map((address) => ({
    kind: "ping",
    ...between(from, address),
    name: pingName(from, to, address),
    expected: `${to.name} (${address}) answers ${from.name}`,
    where: `./vxlab exec ${from.name} -- ping -c 3 ${address}`,
  }));
}

function pingName(from: End, to: End, address: string): string {
  return [isIpv6(address) ? "ping6" : "ping", ...pairName(from, to)].join("/");
}

/** Between first interfaces the containers' names will do; others may meet in several segments. */
function pairName(from: End, to: End): string[] {
  const first = from.nic === "eth0" && to.nic === "eth0";
  return [from.name, to.name, ...(first ? [] : [from.segment])];
}

/** By the address that its default route leads to. */
export function gatewayChecks(lab: LabOutput, from: End): PingCheck[] {
  const service = lab.services.find(({ segment, nat }) => nat && segment === from.segment);
  if (service === undefined) return [];
  return commonAddresses(from, { ...from, addresses: service.addresses }).map((address) => ({
    kind: "ping",
    ...between(from, address),
    name: `gateway/${from.name}/${from.segment}`,
    expected: `the gateway on ${service.host} (${address}) answers ${from.name}`,
    where: `./vxlab exec ${from.name} -- ping -c 3 ${address}`,
  }));
}

/**
 * One hop beyond each gateway: its own address answers even where the host forwards nothing. One container of the segment whose
 * default route it is asks the underlay's own address, or another host where the plan knows no underlay.
 */
export function beyondChecks(lab: LabOutput): PingCheck[] {
  return lab.services.flatMap((service) => {
    const { segment, host, device, nat } = service;
    const leads = lab.containers.flatMap((box) => {
      const nic = box.interfaces.find(
        (one) => one.segment === segment && (one.gateway !== undefined || one.dhcp),
      );
      return nic === undefined ? [] : [{ from: box.name, host: box.host, nic: nic.name }];
    });
    const [first] = leads;
    const to = beyond(lab, host);
    if (!nat || first === undefined || to === undefined) return [];
    return [
      {
        kind: "ping",
        name: `beyond/${segment}`,
        ...first,
        to,
        through: { lab: lab.id, device },
        expected: `${to}, one hop beyond the gateway on ${host}, answers ${first.from}`,
        where: `./vxlab exec ${first.from} -- ping -c 3 ${to}`,
      },
    ];
  });
}

function beyond({ hosts, underlays }: LabOutput, gateway: string): string | undefined {
  const own = hosts.find(({ name }) => name === gateway);
  const underlay = underlays.find(({ name }) => name === own?.underlay);
  const other = hosts.find(({ name, address }) => name !== gateway && !isIpv6(address));
  const address = underlay?.gateway ?? other?.address;
  return address === undefined || isIpv6(address) ? undefined : address;
}

/** The MTU is proven from both sides: a packet of its size passes whole, one byte more is refused. */
export function mtuChecks({ from, to }: Pair): PingCheck[] {
  const { mtu } = from;
  const [address = ""] = commonAddresses(from, to);
  const name = ["mtu", ...pairName(from, to)].join("/");
  const where = `./vxlab exec ${from.name} -- ip link show dev ${from.nic}`;
  return [
    {
      kind: "fits",
      ...between(from, address),
      name: `${name}/${mtu}`,
      size: mtu,
      expected: `a packet of ${mtu} bytes with DF passes`,
      where,
    },
    {
      kind: "too-big",
      ...between(from, address),
      name: `${name}/${mtu + 1}`,
      size: mtu + 1,
      expected: `a packet of ${mtu + 1} bytes with DF is refused: message too long`,
      where,
    },
  ];
}

function between(from: End, to: string): Pick<PingCheck, "host" | "from" | "nic" | "to"> {
  return { host: from.host, from: from.name, nic: from.nic, to };
}

/** Two containers of one host never meet a wire. From spoke to spoke it is the hub that sends. */
export function wireChecks(lab: LabOutput, { from, to }: Pair): WireCheck[] {
  const source = lab.hosts.find(({ name }) => name === from.host);
  const sink = lab.hosts.find(({ name }) => name === to.host);
  const port = source?.ports.find(({ segment }) => segment === from.segment);
  const [dst = ""] = commonAddresses(from, to);
  const src = from.addresses
    .map((address) => ipOf({ addresses: [address] }))
    .find((one) => isIpv6(one) === isIpv6(dst));
  if (source === undefined || sink === undefined || port === undefined || source === sink) return [];
  // An address that is lent is not known before the ping.
  if (src === undefined) return [];
  const { udpPort, vni, tunnels } = port;
  const sender = tunnels.some(({ host }) => host === sink.name)
    ? source.address
    : (tunnels[0]?.address ?? "");
  return [
    {
      kind: "wire",
      name: ["wire", ...pairName(from, to)].join("/"),
      host: sink.name,
      ping: { name: pingName(from, to, dst), ...between(from, dst) },
      inner: { src, dst },
      outer: { src: sender, dst: sink.address, udpPort },
      vni,
      alike: alikeOf(lab, from.segment, [src, dst]),
      expected: `${sender} > ${sink.address} UDP ${udpPort} VNI ${vni}`,
      where: `./vxlab capture ${sink.name} --count 10 (and ./vxlab exec ${from.name} -- ping ${dst})`,
    },
  ];
}

/** VNIs of the other segments in which somebody has each of these addresses. */
function alikeOf(lab: LabOutput, segment: string, wanted: readonly string[]): number[] {
  const ends = lab.containers.flatMap(endsOf).filter((end) => end.segment !== segment);
  const has = (name: string, address: string) =>
    ends.some(
      (end) => end.segment === name && end.addresses.some((one) => ipOf({ addresses: [one] }) === address),
    );
  const names = [...new Set(ends.map((end) => end.segment))];
  const alike = names.filter((name) => wanted.every((address) => has(name, address)));
  const ports = lab.hosts.flatMap((host) => host.ports).filter((port) => alike.includes(port.segment));
  return [...new Set(ports.map(({ vni }) => vni))];
}

export function isolationCheck({ from, to }: Pair): PingCheck {
  const first = from.nic === "eth0" && to.nic === "eth0";
  return {
    kind: "isolated",
    ...between(from, ipOf(to)),
    name: ["isolation", from.name, to.name, ...(first ? [] : [from.segment, to.segment])].join("/"),
    expected: `${to.name} (${ipOf(to)}, segment ${to.segment}) is out of reach of ${from.name} (${from.segment})`,
    where: `./vxlab exec ${from.name} -- arping -c 3 -I ${from.nic} ${ipOf(to)}`,
  };
}

/** From the first container of the segment on one host to the first on the other that it can ask. */
export function tunnelPing(
  lab: LabOutput,
  segment: string,
  host: string,
  far: TunnelOutput,
): Errand | undefined {
  const ends = lab.containers.flatMap(endsOf).filter((end) => end.segment === segment);
  const from = ends.find((end) => end.host === host && ipOf(end) !== "");
  const to = from && ends.find((end) => end.host === far.host && commonAddresses(from, end).length > 0);
  if (from === undefined || to === undefined) return undefined;
  const [address = ""] = commonAddresses(from, to);
  return { name: `across/${host}/${far.port}`, ...between(from, address), mode: "reach" };
}
