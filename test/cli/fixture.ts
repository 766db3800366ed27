/** Labs as a stack output shows them, made by the planner from a topology. */
import { hostOutput, labOutput } from "../../plan/lab-output";
import type { LabOutput } from "../../plan/contract";
import {
  deriveSeed,
  ed25519FromSeed,
  hostKeyInfo,
  wireguardFromSeed,
  wireguardKeyInfo,
} from "../../plan/keys";
import { planLab } from "../../plan/plan";
import { ContainerKind, Encryption, Flooding, ImageKind } from "../../plan/types";
import type { Topology } from "../../plan/types";
import { reference } from "../plan/reference";

export const SECRET = Buffer.alloc(32, 7);

export function labOf(topology: Topology): LabOutput {
  const plan = planLab(topology, { lab: "lab" });
  const keys = plan.hosts.map(({ name, encryption }) => {
    const seed = deriveSeed(SECRET, wireguardKeyInfo(name, encryption?.keyVersion ?? 1));
    return [name, wireguardFromSeed(seed).publicKey];
  });
  const publicKeys = Object.fromEntries(keys) as Record<string, string>;
  const hosts = plan.hosts.map((host) => {
    if (host.kind === "existing") return hostOutput(host, host.existing, publicKeys);
    const hostKey = ed25519FromSeed(deriveSeed(SECRET, hostKeyInfo(host.name))).publicKeyLine;
    return hostOutput(host, { hostKey, domain: `vxlab-cafe0001-${host.name}` }, publicKeys);
  });
  return labOutput(plan, "cafe0001", hosts);
}

/** The lab of design.md: kvm1 and kvm2, VNI 100, c1 and c2. */
export const referenceLab = (): LabOutput => labOf(reference());

/** The reference lab, encrypted. */
export function encryptedLab(): LabOutput {
  const { underlay, ...rest } = reference();
  return labOf({ ...rest, underlay: { ...underlay, encryption: Encryption.Wireguard } });
}

/** Three machines, two segments; blue is tagged, on a port of its own, and smaller. */
export function twoSegments(): LabOutput {
  const { underlay, image, hosts } = reference();
  return labOf({
    underlay,
    image,
    hosts: { ...hosts, kvm3: { address: "192.168.10.33" } },
    segments: {
      red: { vni: 100, subnet: "10.0.3.0/24" },
      blue: { vni: 70000, subnet: "10.0.4.0/24", vlan: 20, udpPort: 4790, mtu: 1400 },
    },
    containers: {
      c1: { host: "kvm1", address: "10.0.3.10/24", segment: "red" },
      c2: { host: "kvm2", address: "10.0.3.11/24", segment: "red" },
      c3: { host: "kvm3", address: "10.0.3.12/24", segment: "red" },
      d1: { host: "kvm1", address: "10.0.4.10/24", segment: "blue" },
      d2: { host: "kvm3", address: "10.0.4.11/24", segment: "blue" },
    },
  });
}

/** Two segments of one subnet, with the same addresses on the same hosts, and a DHCP server and a gateway in one. */
export function twinSegments(): LabOutput {
  const { underlay, image, hosts } = reference();
  const served = {
    gateway: { host: "kvm1" },
    dhcp: { host: "kvm1", first: "10.0.3.100", last: "10.0.3.199" },
  };
  return labOf({
    ...{ underlay, image, hosts },
    segments: {
      red: { vni: 100, subnet: "10.0.3.0/24", ...served },
      blue: { vni: 200, subnet: "10.0.3.0/24", vlan: 20 },
    },
    containers: {
      c1: { host: "kvm1", address: "10.0.3.10/24", segment: "red" },
      c2: { host: "kvm2", address: "10.0.3.11/24", segment: "red" },
      d1: { host: "kvm1", address: "10.0.3.10/24", segment: "blue" },
      d2: { host: "kvm2", address: "10.0.3.11/24", segment: "blue" },
      d3: { host: "kvm2", address: "10.0.3.1/24", segment: "blue" },
      d4: { host: "kvm2", address: "10.0.3.150/24", segment: "blue" },
      d5: { host: "kvm2", address: "10.0.3.12/24", segment: "blue" },
    },
  });
}

/**
 * All that a lab can have: IPv6 addresses, a hub, flows, a group, DHCP with a gateway, a trunk, two interfaces, Docker, an
 * existing host.
 */
export function fabricLab(): LabOutput {
  const { underlay, hosts } = reference();
  const hostKey = ed25519FromSeed(SECRET, "root@server").publicKeyLine;
  const address = (segment: number, last: number) => `10.0.${segment}.${last}/24`;
  return labOf({
    underlay,
    image: { kind: ImageKind.Docker },
    hosts: { ...hosts, server: { address: "172.20.0.5", existing: { hostKey, port: 2222 } } },
    segments: {
      red: { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64", hub: "kvm1" },
      blue: { vni: 200, subnet: "10.0.4.0/24", vlan: 20, flooding: Flooding.Flow, hosts: ["kvm1", "kvm2"] },
      green: {
        ...{ vni: 300, subnet: "10.0.5.0/24", vlan: 30, flooding: Flooding.Multicast },
        ...{ hosts: ["kvm1", "kvm2"], dhcp: { host: "kvm1" }, gateway: { host: "kvm1" } },
      },
    },
    containers: {
      c1: {
        host: "kvm1",
        interfaces: [
          { segment: "red", address: address(3, 10), address6: "fd00:3::10/64" },
          { segment: "blue", address: address(4, 10) },
        ],
      },
      c2: { host: "kvm2", segment: "red", address: address(3, 11), address6: "fd00:3::11/64" },
      c3: { host: "kvm2", trunk: ["blue", "green"] },
      c4: { host: "kvm2", segment: "green", address: "dhcp" },
      d1: {
        ...{ host: "kvm1", segment: "green", address: address(5, 10) },
        ...{ kind: ContainerKind.Docker, image: "debian:12" },
      },
      s1: { host: "server", segment: "red", address: address(3, 12), address6: "none" },
    },
  });
}

/** One segment, `machines` machines, `containers` containers dealt out to them in turn. */
export function meshOf(machines: number, containers: number): LabOutput {
  const { underlay, image, segments } = reference();
  const times = <T>(count: number, make: (i: number) => [string, T]) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => make(i)));
  const two = (i: number) => String(i).padStart(2, "0");
  return labOf({
    underlay,
    image,
    segments,
    hosts: times(machines, (i) => [`h${two(i)}`, { address: `192.168.10.${10 + i}` }]),
    containers: times(containers, (i) => [
      `c${two(i)}`,
      { host: `h${two(i % machines)}`, address: `10.0.3.${10 + i}/24` },
    ]),
  });
}
