/** What the hosts of a lab without a fault answer. */
import { pingsOf } from "../../verify/gather";
import { buildChecks } from "../../verify/registry";
import type { Evidence } from "../../verify/check";
import type { ContainerFacts, HostFacts, KeptFacts, NicFacts, PortFacts } from "../../verify/evidence/facts";
import type { PingFacts, PingMode } from "../../verify/evidence/pings";
import type { Seen } from "../../verify/evidence/wire";
import type { HostOutput, LabOutput, PortOutput } from "../../plan/contract";
import { ContainerKind, Flooding } from "../../plan/types";
import type { ContainerPlan } from "../../plan/types";

const FATES: Record<PingMode, PingFacts> = {
  reach: { fate: "answered", ms: 3.5 },
  timed: { fate: "answered", ms: 250.5, least: 250 },
  fits: { fate: "answered", ms: 3.5 },
  "too-big": { fate: "too long", mtu: 1450 },
  isolated: { fate: "no answer" },
  many: { fate: "answered", ms: 3, sent: 60, received: 60 },
  count: { fate: "answered", ms: 3.5 },
};

/** What a lab without a fault answers. */
export function good(lab: LabOutput): Evidence {
  const checks = buildChecks(lab);
  const pings = pingsOf(checks).map(({ name, mode }): [string, PingFacts] => [name, FATES[mode]]);
  const wires = lab.hosts.map(({ name }): [string, Seen[]] => [
    name,
    checks.flatMap(({ host, wire }): Seen[] => {
      if (wire === undefined || host !== name) return [];
      if (wire.sealed !== undefined) return [{ sealed: wire.sealed }];
      return [{ ...wire.outer, inner: { ...wire.inner, what: "request" } }];
    }),
  ]);
  const hosts = lab.hosts.map((host) => [host.name, { facts: factsOf(lab, host.name) }] as const);
  return { hosts: new Map(hosts), pings: new Map(pings), wires: new Map(wires) };
}

export function factsOf(lab: LabOutput, name: string): HostFacts {
  const host = lab.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(name);
  const own = lab.containers.filter((box) => box.host === name);
  const tunnels = host.ports.flatMap((port) => portFacts(host, port));
  const services = lab.services.filter((service) => service.host === name);
  const bridge = host.bridge.name;
  const inner: [string, PortFacts][] = [
    [
      bridge,
      {
        type: "internal",
        ofport: 65534,
        error: "",
        protected: false,
        tag: 0,
        trunks: [],
        bridge,
        options: {},
      },
    ],
    ...services.map(({ device, vlan = 0 }): [string, PortFacts] => [
      device,
      {
        type: "internal",
        ofport: 9,
        error: "",
        protected: false,
        tag: vlan,
        trunks: [],
        bridge,
        step: `lab-${device}`,
        options: {},
      },
    ]),
  ];
  const plugs = own
    .flatMap(({ interfaces }) => interfaces)
    .map(({ veth, vlan, trunk }): [string, PortFacts] => [
      veth,
      {
        ...{ type: "", ofport: 5, error: "", protected: false, bridge, step: "lab-c", options: {} },
        ...(trunk.length > 0 ? { trunks: trunk.map((one) => one.vlan) } : { tag: vlan ?? 0, trunks: [] }),
      },
    ]);
  return {
    ports: new Map([...inner, ...tunnels, ...plugs]),
    bridges: new Map([
      [bridge, lab.id],
      ...host.ports
        .filter(({ flooding }) => flooding === Flooding.Flow)
        .map(({ vni }) => [`bf${vni}`, lab.id] as const),
    ]),
    kept: keptOn(lab, host),
    boxes: own.map(({ name: box, kind }) => ({
      kind,
      name: kind === ContainerKind.Docker ? `vxlab-${box}` : box,
      state: "RUNNING",
    })),
    drift: [],
    ...encryptionFacts(host),
    bridge: {
      ...host.bridge,
      up: true,
      addresses: host.bridge.address === undefined ? [] : [host.bridge.address],
    },
    services: new Map(
      lab.services
        .filter((service) => service.host === name)
        .map(({ device, mac, mtu, addresses }) => [device, { mac, mtu, up: true, addresses }]),
    ),
    vxlans: new Map(
      host.ports.flatMap(({ flooding, vni, udpPort, group = "", ttl = 0 }) =>
        flooding === Flooding.Multicast
          ? [[`vm${vni}`, { vni, udpPort, group, ttl, up: true }] as const]
          : [],
      ),
    ),
    containers: new Map(own.map((box) => [box.name, boxFacts(lab, box)])),
    trouble: new Map(),
  };
}

function encryptionFacts({ encryption }: HostOutput): Partial<HostFacts> {
  if (encryption === undefined) return {};
  const { address, mtu, port, publicKey, peers } = encryption;
  const known = peers.map((peer) => {
    const found = { endpoint: `${peer.vtep}:${peer.port}`, allowed: `${peer.address}/32` };
    return [peer.publicKey, found] as const;
  });
  return {
    encryption: { mac: "", mtu, up: true, addresses: [`${address}/32`] },
    wireguard: { publicKey, port, peers: new Map(known) },
    stopped: 0,
    handshakes: new Map(peers.map((peer) => [peer.publicKey, 5])),
  };
}

/** Steps are named after what they put there. */
function keptOn(lab: LabOutput, { name, bridge, ports, encryption }: HostOutput): KeptFacts[] {
  const file = (kind: string, key: string | number): KeptFacts => ({
    ...{ kind, lab: lab.id, key: String(key) },
    step: `lab-${kind === "container" ? "" : `${name}-`}${key}`,
  });
  return [
    file("bridge", bridge.name),
    ...(encryption === undefined ? [] : [file("encryption", encryption.device)]),
    ...ports.map(({ vni }) => file("port", vni)),
    ...lab.services.filter(({ host }) => host === name).map(({ device }) => file("service", device)),
    ...lab.containers.filter(({ host }) => host === name).map((box) => file("container", box.name)),
  ];
}

function portFacts(host: HostOutput, port: PortOutput): [string, PortFacts][] {
  const { flooding, vni, udpPort, tunnels } = port;
  const bridge = host.bridge.name;
  const place = { tag: port.vlan ?? 0, trunks: [], bridge, step: `lab-${host.name}-${vni}` };
  const facts = { type: "vxlan", ofport: 2, error: "", protected: port.protected, ...place };
  const probed = port.bfd === true ? { bfd: "up" } : {};
  const vxlan = {
    local_ip: host.encryption?.address ?? host.address,
    key: String(vni),
    dst_port: String(udpPort),
  };
  if (flooding === Flooding.Multicast) return [[`vm${vni}`, { ...facts, type: "", options: {} }]];
  if (flooding === Flooding.Unicast) {
    return tunnels.map((one) => [
      one.port,
      { ...facts, ...probed, options: { ...vxlan, remote_ip: one.address } },
    ]);
  }
  return [
    [`vf${vni}`, { ...facts, tag: undefined, bridge: `bf${vni}`, options: { ...vxlan, remote_ip: "flow" } }],
    [`pf${vni}`, { ...facts, type: "patch", options: { peer: `pb${vni}` } }],
  ];
}

function boxFacts(lab: LabOutput, { interfaces }: ContainerPlan): ContainerFacts {
  const nics = interfaces.flatMap(
    ({ name, mac, mtu, addresses, dhcp, segment, trunk }): [string, NicFacts][] => {
      const server = lab.services.find((service) => service.segment === segment);
      const lent = dhcp ? [`${server?.dhcp?.first}/24`] : [];
      return [
        [name, { mac, mtu, up: true, addresses: [...lent, ...addresses] }],
        ...trunk.map((one): [string, NicFacts] => [
          `${name}.${one.vlan}`,
          { mac, mtu: one.mtu, up: true, addresses: one.addresses },
        ]),
      ];
    },
  );
  return { state: "RUNNING", pid: 300, nics: new Map(nics) };
}
